package attempts_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// operate is the weak waiting room's operator API, without a token.
func (w *weak) operate(rw http.ResponseWriter, r *http.Request) {
	var change struct {
		Paused  *bool
		Message *string
		Rate    *string
	}
	if json.NewDecoder(r.Body).Decode(&change) != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if change.Paused != nil {
		w.open = !*change.Paused
		for _, g := range w.joined {
			g.called = g.called || w.open
		}
	}
	if change.Message != nil {
		w.message = *change.Message
	}
	if change.Rate != nil {
		if w.holes[refilled] {
			w.due = time.Time{}
		}
	}
	_, _ = rw.Write([]byte("{}"))
}

// isOperator says whether a request is for the operator API.
func isOperator(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/rooms/") }
