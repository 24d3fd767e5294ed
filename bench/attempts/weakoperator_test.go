package attempts_test

import (
	"encoding/json"
	"net/http"
	"strings"
)

// operate is the weak waiting room's operator API, without a token.
func (w *weak) operate(rw http.ResponseWriter, r *http.Request) {
	var change struct {
		Paused  *bool
		Message *string
	}
	if json.NewDecoder(r.Body).Decode(&change) != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	if change.Paused != nil {
		w.opens(!*change.Paused)
	}
	if change.Message != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.message = *change.Message
	}
	_, _ = rw.Write([]byte("{}"))
}

// isOperator says whether a request is for the operator API.
func isOperator(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/rooms/") }
