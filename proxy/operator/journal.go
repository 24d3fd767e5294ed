package operator

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"waitroom/queue"
)

const (
	// defaultRecords and maxRecords are how many records one answer holds.
	defaultRecords = 100
	maxRecords     = 10_000
	// maxCursor is more than any engine's cursor needs.
	maxCursor = 128
)

// Record is a record of the journal in the API.
type Record struct {
	Cursor  string           `json:"cursor"`
	At      *string          `json:"at"`
	Kind    string           `json:"kind"`
	Tickets []RecordedTicket `json:"tickets,omitempty"`
	By      string           `json:"by,omitempty"`
	Detail  string           `json:"detail,omitempty"`
}

// RecordedTicket is a ticket in a record. Place and Entry are microseconds since 1970.
type RecordedTicket struct {
	ID    string `json:"id"`
	Place int64  `json:"place"`
	Entry int64  `json:"entry,omitempty"`
	// Pass is the id of the pass that the ticket got, for revoking it.
	Pass string `json:"pass,omitempty"`
}

// Read is the record as the queue knows it.
func (j *Record) Read() (queue.Record, error) {
	r := queue.Record{Cursor: j.Cursor, Kind: queue.Kind(j.Kind), By: j.By, Detail: j.Detail}
	if j.At != nil {
		at, err := time.Parse(time.RFC3339, *j.At)
		if err != nil {
			return r, fmt.Errorf("read the time of record %s: %w", j.Cursor, err)
		}
		r.At = at.UnixMicro()
	}
	if r.Kind == "" || r.At == 0 {
		return r, fmt.Errorf("record %q has no kind or no time", j.Cursor)
	}
	for _, t := range j.Tickets {
		told := queue.Recorded{Place: t.Place, Entry: t.Entry}
		if n, err := base64.RawURLEncoding.Decode(told.ID[:], []byte(t.ID)); err != nil || n != len(told.ID) {
			return r, fmt.Errorf("record %s: %q is no ticket id", j.Cursor, t.ID)
		}
		r.Tickets = append(r.Tickets, told)
	}
	return r, nil
}

// journal answers with records, oldest first, as a JSON array; as JSON lines where
// the client asks for application/x-ndjson. Go on with after= the last cursor; an
// empty answer is the end for now. Without after= it begins at the start, after=-
// gives the newest.
func (a *api) journal(w http.ResponseWriter, r *http.Request, room Room) {
	query := r.URL.Query()
	limit := defaultRecords
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxRecords {
			refuse(w, http.StatusBadRequest, "bad-limit", fmt.Sprintf("limit is a number from 1 to %d", maxRecords))
			return
		}
		limit = n
	}
	after := query.Get("after")
	if len(after) > maxCursor || strings.ContainsFunc(after, func(c rune) bool { return c <= ' ' || c > '~' }) {
		refuse(w, http.StatusBadRequest, "bad-cursor", "after is the cursor of a record, or - for the newest records")
		return
	}
	ctx, cancel := bounded(r)
	defer cancel()
	records, err := room.Line.Journal(ctx, after, limit)
	// Only the engine knows which cursors there are; it is away with a name of its own.
	if err != nil && after != "" && after != "-" && !errors.Is(err, queue.ErrAway) && ctx.Err() == nil {
		refuse(w, http.StatusBadRequest, "bad-cursor", "the journal cannot be read from this cursor: take one from a record, or - for the newest records")
		return
	}
	if err != nil {
		a.fail(w, room, err)
		return
	}
	answer := make([]Record, len(records))
	for i, record := range records {
		answer[i] = recorded(record)
	}
	if strings.Contains(r.Header.Get("Accept"), "application/x-ndjson") {
		lines(w, answer)
		return
	}
	reply(w, http.StatusOK, answer)
}

func lines(w http.ResponseWriter, records []Record) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	e := json.NewEncoder(w)
	for _, record := range records {
		if e.Encode(record) != nil {
			return // the client is gone
		}
	}
}

func recorded(r queue.Record) Record {
	j := Record{Cursor: r.Cursor, At: instant(r.At), Kind: string(r.Kind), By: r.By, Detail: r.Detail}
	for _, t := range r.Tickets {
		ticket := RecordedTicket{ID: base64.RawURLEncoding.EncodeToString(t.ID[:]), Place: t.Place, Entry: t.Entry}
		if r.Kind == queue.KindEnter {
			pass := queue.PassOf(t.ID, t.Entry)
			ticket.Pass = base64.RawURLEncoding.EncodeToString(pass[:])
		}
		j.Tickets = append(j.Tickets, ticket)
	}
	return j
}
