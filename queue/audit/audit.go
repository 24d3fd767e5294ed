// Package audit proves the promises of package queue from what a room's journal tells.
//
// Verify reads records in their order and finds the first that breaks a promise: calls out of place, entries that nobody
// called, a ticket that enters twice, more entries than the rate allows, a pass that has the name of another, a person
// taken over by a device of the past. It keeps a few numbers for each ticket, and no record.
//
// It proves what the journal tells and no more. Records carry no hash of those before them: whoever can write to the store
// can write another journal. What a store has trimmed, or lost with its last writes, is not proved; a loss may look like a
// broken promise.
package audit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"

	"waitroom/queue"
)

// Options are what the journal does not tell.
type Options struct {
	// FileRate is the rate of the configuration, per hour; nil is not known.
	FileRate *float64
	// LiveRate is one that was set live at LiveSince, and counts where that was before the journal begins.
	LiveRate  float64
	LiveSince int64
	// Burst is how many entries may come at once; 0 is not known, and then the ceiling is not proved.
	Burst int
}

// Violation is a promise that was broken: by the record of this number, from 1 on.
type Violation struct {
	Record int64      `json:"record"`
	Cursor string     `json:"cursor,omitempty"`
	At     int64      `json:"at"`
	Kind   queue.Kind `json:"kind"`
	Ticket string     `json:"ticket,omitempty"`
	What   string     `json:"what"`
}

// Result is what was read, and whether it holds. Times are microseconds.
type Result struct {
	// Violation is the first one; nil where all is proved.
	Violation *Violation `json:"violation,omitempty"`
	Records   int64      `json:"records"`
	Calls     int64      `json:"calls"`
	Entries   int64      `json:"entries"`
	// Epochs is how many states began.
	Epochs int64 `json:"epochs"`
	From   int64 `json:"from"`
	To     int64 `json:"to"`
	// Whole says that the journal begins where the room began. Before is how many entered whose call it does not hold,
	// because that was before its beginning.
	Whole  bool  `json:"whole"`
	Before int64 `json:"called_before"`
	// CeilingFrom is from when on entries are proved to be within rate × W + burst; 0 is not at all.
	CeilingFrom int64 `json:"ceiling_from"`
	// Steps is how often the clock went back: the ceiling is proved between these times, not across them.
	Steps int64 `json:"clock_steps"`
}

// Verify reads records, oldest first, until the first violation or io.EOF. Any other error is given back, and then nothing
// is proved.
func Verify(next func() (queue.Record, error), o Options) (Result, error) {
	a := newAudit(o)
	for a.result.Violation == nil {
		r, err := next()
		if errors.Is(err, io.EOF) {
			a.finish()
			break
		}
		if err != nil {
			return a.result, err
		}
		a.take(&r)
	}
	return a.result, nil
}

// audit is what is known behind a record.
type audit struct {
	result  Result
	tickets map[queue.ID]ticket
	// passes are the names of those who entered more than once; others have one only.
	passes map[queue.PassID]struct{}
	since  map[queue.ID]int64 // of persons taken over
	// front is the last place called. Of calls below before nothing is known.
	front, before int64
	ceiling       ceiling
	options       Options
	// back are the tickets that the last record put back.
	back   []queue.Recorded
	record *queue.Record
}

func newAudit(o Options) *audit {
	a := &audit{
		tickets: map[queue.ID]ticket{}, passes: map[queue.PassID]struct{}{}, since: map[queue.ID]int64{},
		before: math.MaxInt64, options: o, ceiling: ceiling{burst: o.Burst},
	}
	return a
}

// take reads on by one record.
func (a *audit) take(r *queue.Record) {
	a.record = r
	a.result.Records++
	a.clock(r)
	a.settle(r.At)
	switch r.Kind {
	case queue.KindEpoch:
		a.epoch()
	case queue.KindArrive, queue.KindReturn:
		a.stand(r)
	case queue.KindCall:
		a.call(r)
	case queue.KindEnter:
		a.enter(r)
	case queue.KindLeave:
		a.leave(r)
	case queue.KindHold:
		a.hold(r)
	case queue.KindControl:
		a.control(r)
	case queue.KindEnd, queue.KindFork: // they tell of passes that entries gave
	default:
		a.broken(queue.ID{}, "is of the kind %q, which is not known", r.Kind)
	}
	a.back = nil
	if r.Kind == queue.KindReturn {
		a.back = r.Tickets
	}
}

// clock follows the times of the records.
func (a *audit) clock(r *queue.Record) {
	res := &a.result
	switch {
	case res.Records == 1:
		res.From, res.To = r.At, r.At
		res.Whole = r.Kind == queue.KindEpoch
		switch o := &a.options; {
		case o.LiveSince > 0 && o.LiveSince < r.At:
			a.retime(r.At, o.LiveRate)
		case o.FileRate != nil:
			a.retime(r.At, *o.FileRate)
		}
	case r.At < res.To:
		res.Steps++
		a.settle(math.MaxInt64)
		a.ceiling.forget()
	}
	res.To = r.At
}

// epoch begins a state. Where that is not the first record, gateways may know of calls that the journal does not hold.
func (a *audit) epoch() {
	a.result.Epochs++
	a.front, a.before = 0, math.MaxInt64
	if a.result.Records == 1 {
		a.before = 0
		return
	}
	for id, t := range a.tickets {
		t.state = unknown
		a.tickets[id] = t
	}
}

// settle looks at the entries until a time.
func (a *audit) settle(until int64) {
	if p, over := a.ceiling.settle(until); over > 0 && a.result.Violation == nil {
		a.result.Violation = &Violation{
			Record: p.record, Cursor: p.cursor, At: p.at, Kind: queue.KindEnter, Ticket: text(p.id),
			What: fmt.Sprintf("enters at %d: %.3f more than the rate and a burst of %d allow", p.entry, over, a.ceiling.burst),
		}
	}
}

// broken notes the first violation.
func (a *audit) broken(id queue.ID, format string, args ...any) {
	if a.result.Violation == nil {
		a.result.Violation = &Violation{
			Record: a.result.Records, Cursor: a.record.Cursor, At: a.record.At, Kind: a.record.Kind, Ticket: text(id),
			What: fmt.Sprintf(format, args...),
		}
	}
}

// text is an ID as the journal shows it; "" for none.
func text(id queue.ID) string {
	if id == (queue.ID{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// finish looks at what only the end shows.
func (a *audit) finish() {
	a.settle(math.MaxInt64)
	if a.result.Violation != nil {
		return
	}
	var first *ticket
	for id, t := range a.tickets {
		if t.state == waiting && t.place < a.front && t.place >= a.before && (first == nil || t.record < first.record) {
			first = &t
			a.result.Violation = &Violation{
				Record: t.record, At: t.at, Kind: t.kind(), Ticket: text(id),
				What: fmt.Sprintf("waits at place %d and was passed over: place %d was called", t.place, a.front),
			}
		}
	}
}
