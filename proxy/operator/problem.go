package operator

import (
	"encoding/json"
	"errors"
	"net/http"

	"waitroom/queue"
)

// problem is an RFC 9457 problem document. Its type is stable: programs switch on it.
type problem struct {
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
	problem{Type: problemType + kind, Status: status, Detail: detail}.write(w)
}

func (p problem) write(w http.ResponseWriter) {
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	body, _ := json.Marshal(p) // strings and a number: cannot fail
	_, _ = w.Write(append(body, '\n'))
}

// fail answers for an error of the line.
func fail(w http.ResponseWriter, err error) {
	w.Header().Set("Retry-After", "1")
	if errors.Is(err, queue.ErrBusy) {
		refuse(w, http.StatusServiceUnavailable, "busy", "too many operations are under way; nothing was done, try again")
		return
	}
	refuse(w, http.StatusServiceUnavailable, "store-away", "the store does not answer; whether this was done is not known, trying again is harmless")
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
