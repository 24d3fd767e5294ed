package operator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"waitroom/queue"
)

// Problem is an RFC 9457 problem document. Its type is stable: programs switch on it.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Field and Known tell which field of a change was wrong, and which there are.
	Field string   `json:"field,omitempty"`
	Known []string `json:"known,omitempty"`
}

const problemType = "urn:waitroom:problem:"

// refuse answers with a problem.
func refuse(w http.ResponseWriter, status int, kind, detail string) {
	Problem{Type: problemType + kind, Status: status, Detail: detail}.write(w)
}

func (p Problem) write(w http.ResponseWriter) {
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	body, _ := json.Marshal(p) // strings and a number: cannot fail
	_, _ = w.Write(append(body, '\n'))
}

// fail answers for an error of the line. What nobody foresaw is logged; the answer
// says no more of it than that.
func (a *api) fail(w http.ResponseWriter, room Room, err error) {
	switch {
	case errors.Is(err, queue.ErrBusy):
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "busy", "too many operations are under way; nothing was done, try again")
	case errors.Is(err, queue.ErrAway), errors.Is(err, context.DeadlineExceeded):
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "store-away", "the store does not answer; whether this was done is not known, trying again is harmless")
	default:
		a.Log.Error("operator request failed", zap.String("room", room.Name), zap.Error(err))
		refuse(w, http.StatusInternalServerError, "failed", "that went wrong; the gateway's log says how")
	}
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic("BUG: an answer is no JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
