package audit

import (
	"strconv"
	"strings"

	"waitroom/queue"
)

// state is where a ticket is, as far as the journal tells.
type state uint8

const (
	unknown state = iota
	waiting
	called
	late // put back at or below the front: it needs no call
	inside
)

// ticket is what is kept of each ticket ID.
type ticket struct {
	place int64
	// entered is the place with which it entered last, 0 for never, and entry the end of that pass's name.
	entered int64
	// record and at are those which put it into the line.
	record, at int64
	entry      uint32
	state      state
	returned   bool
}

func (t *ticket) kind() queue.Kind {
	if t.returned {
		return queue.KindReturn
	}
	return queue.KindArrive
}

// stand takes tickets into the line that arrive or are put back.
func (a *audit) stand(r *queue.Record) {
	for _, told := range r.Tickets {
		t := a.tickets[told.ID]
		if t.state == waiting {
			a.broken(told.ID, "gets place %d and waits at place %d already", told.Place, t.place)
			return
		}
		t.place, t.state, t.record, t.at, t.returned = told.Place, waiting, a.result.Records, r.At, r.Kind == queue.KindReturn
		if told.Place <= a.front {
			t.state = late
		}
		a.tickets[told.ID] = t
	}
}

// call moves the front.
func (a *audit) call(r *queue.Record) {
	if r.Detail == "direct" && len(r.Tickets) > 0 {
		a.overtaken(r)
	}
	for _, told := range r.Tickets {
		t := a.tickets[told.ID]
		switch {
		case t.state == called && t.place == told.Place:
			a.broken(told.ID, "is called twice at place %d", told.Place)
			return
		case t.state == waiting && t.place != told.Place:
			a.broken(told.ID, "is called at place %d and waits at place %d", told.Place, t.place)
			return
		case told.Place < a.front && t.state != late:
			a.broken(told.ID, "is called at place %d after place %d", told.Place, a.front)
			return
		}
		a.before = min(a.before, told.Place)
		a.front = max(a.front, told.Place)
		t.place, t.state = told.Place, called
		a.tickets[told.ID] = t
		a.result.Calls++
	}
}

// overtaken knows that a store tells first whom it put back, and then whom it called at once, where both came in one batch:
// those put back at or below the new front were put back late.
func (a *audit) overtaken(r *queue.Record) {
	upto := r.Tickets[len(r.Tickets)-1].Place
	for _, told := range a.back {
		if t := a.tickets[told.ID]; t.state == waiting && t.at == r.At && told.Place <= upto {
			t.state = late
			a.tickets[told.ID] = t
		}
	}
}

// enter lets tickets in.
func (a *audit) enter(r *queue.Record) {
	for _, told := range r.Tickets {
		t := a.tickets[told.ID]
		was := (t.state == called || t.state == late) && t.place == told.Place
		switch {
		case t.entered != 0 && told.Place <= t.entered:
			a.broken(told.ID, "enters with place %d, and has entered with place %d before", told.Place, t.entered)
		case !was && told.Place >= a.before:
			a.broken(told.ID, "enters with place %d, at which it was not called", told.Place)
		case told.Entry < r.At:
			a.broken(told.ID, "enters at %d, which is before that was decided", told.Entry)
		case !a.named(told, &t):
			a.broken(told.ID, "gets a pass that has the name of an earlier one")
		}
		if a.result.Violation != nil {
			return
		}
		if !was {
			a.result.Before++
			a.front = max(a.front, told.Place)
		}
		t.place, t.entered, t.entry, t.state = told.Place, told.Place, uint32(told.Entry), inside // #nosec G115 -- as in the name
		a.tickets[told.ID] = t
		a.result.Entries++
		a.ceiling.promise(promised{entry: told.Entry, record: a.result.Records, at: r.At, cursor: r.Cursor, id: told.ID})
	}
}

// named notes the name of the pass for an entry, and says whether it is a new one.
func (a *audit) named(told queue.Recorded, t *ticket) bool {
	if t.entered == 0 {
		return true
	}
	a.passes[queue.PassOf(told.ID, int64(t.entry))] = struct{}{}
	_, known := a.passes[queue.PassOf(told.ID, told.Entry)]
	return !known
}

// leave takes tickets out of the line.
func (a *audit) leave(r *queue.Record) {
	for _, told := range r.Tickets {
		if t, ok := a.tickets[told.ID]; ok {
			t.state = unknown
			a.tickets[told.ID] = t
		}
	}
}

// hold looks at a person who was taken over by another device.
func (a *audit) hold(r *queue.Record) {
	since, err := strconv.ParseInt(strings.TrimPrefix(r.Detail, "since="), 10, 64)
	for _, told := range r.Tickets {
		switch {
		case err != nil:
			a.broken(told.ID, "is taken over, and since when cannot be read")
		case since <= a.since[told.ID]:
			a.broken(told.ID, "is taken over since %d, and was since %d before", since, a.since[told.ID])
		}
		a.since[told.ID] = since
	}
}
