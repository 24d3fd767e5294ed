package load

import (
	"bytes"
	"time"
)

// act is what a visitor does next.
type act uint8

// The acts, in the order of the report.
const (
	join act = iota
	poll
	reload
	enter
	page
	leave
	choose     // a provider to be verified by
	login      // begin there
	atProvider // be there
	back       // come back from there
	acts
)

func (a act) String() string {
	return [...]string{"join", "poll", "reload", "enter", "page", "leave", "choose", "login", "provider", "back"}[a]
}

// visitor is one of the rush: some 100 bytes, and the ticket.
type visitor struct {
	ticket, pass []byte
	// due is the moment of the next act, in nanoseconds since the start of the run.
	due int64
	// place is what the ticket says, and enterAt when the entry is: microseconds of
	// server time, 0 for none.
	place, enterAt int64
	// position is the last that was shown.
	position uint32
	// next is for the wheel.
	next  uint32
	pages uint16
	room  uint8
	act   act
	traits
	// noted are the wrongs that are counted once for each visitor.
	noted wrongs
	// id is who it is, nil where nobody asks.
	id *verifying
}

// patience is how long a visitor waits after a failure before asking again.
const patience = time.Second

// heard makes of an answer what the visitor does next; false where that is nothing. Now
// is when the answer was there, and took how long it took from when it was asked for.
func (r *run) heard(v *visitor, a *answer, now, took int64) bool {
	switch {
	case v.act > leave:
		return r.verifies(v, a, now, took)
	case v.act == page:
		return r.seen(v, a, now)
	case v.act == leave:
		if a.status != 204 {
			r.failure(v.act, a)
		}
		r.tally.through.Add(1)
		return false
	case a.status == 200 || a.status == 409 && v.act == enter:
		return r.stands(v, a, now, took)
	case v.act != join && (a.status == 403 || a.status == 404 || a.status == 410):
		r.rooms[v.room].lost(v, refused)
		r.tally.lost.Add(1)
		return false
	}
	r.failure(v.act, a)
	v.later(now, max(a.nextPoll, patience))
	return true
}

// later sets when the next act is due.
func (v *visitor) later(now int64, pause time.Duration) { v.due = grid(now + int64(pause)) }

// stands is what follows from a standing.
func (r *run) stands(v *visitor, a *answer, now, took int64) bool {
	o := r.rooms[v.room]
	if v.act == join && len(a.ticket) > 0 {
		r.tally.joined.Add(1)
	}
	if len(a.ticket) > 0 {
		o.placed(v, a)
		v.ticket = keep(v.ticket, a.ticket)
	}
	o.told(v, a, took)
	switch {
	case len(v.ticket) == 0 && a.state != over:
		r.failure(v.act, a)
		v.act = join
		v.later(now, patience)
	case a.state == admitted:
		return r.admitted(v, a, now)
	case a.state == over:
		r.tally.away.Add(1)
		return false
	case v.enterAt != 0: // let in before, and asked again at a gateway that has not heard of it
		v.act = enter
		v.later(now, max(a.nextPoll, time.Millisecond))
	case v.traits&absent != 0:
		r.tally.absent.Add(1)
		return false
	case a.state == called:
		pause := time.Duration(0)
		if v.act == enter { // told so, but not let in: by a gateway that has not heard of the call, say
			pause = a.nextPoll
		} else if v.traits&late != 0 {
			pause = r.plan.LateBy
			v.traits &^= late
		}
		v.act = enter
		v.later(now, pause)
	case v.traits&impatient != 0:
		v.act = reload
		v.later(now, r.plan.ReloadEvery)
	default:
		v.act = poll
		v.later(now, max(a.nextPoll, time.Millisecond))
	}
	return true
}

// keep copies a token over another, at no more memory than it needs.
func keep(old, token []byte) []byte {
	if cap(old) >= len(token) {
		return append(old[:0], token...)
	}
	return bytes.Clone(token)
}

// admitted is what follows from a pass: who is impatient asks for it once more, and
// everybody waits until it is valid.
func (r *run) admitted(v *visitor, a *answer, now int64) bool {
	o := r.rooms[v.room]
	switch {
	case len(a.pass) == 0:
		r.failure(v.act, a)
		v.act = enter
		v.later(now, patience)
		return true
	case v.enterAt == 0:
		v.enterAt = a.enterAt
		v.pass = keep(v.pass, a.pass)
		o.entered(v)
		r.tally.entered.Add(1)
		if v.traits&impatient != 0 {
			v.traits &^= impatient
			v.act = enter
			v.later(now, r.plan.ReloadEvery)
			return true
		}
	case a.enterAt != v.enterAt || passOf(a.pass) != passOf(v.pass):
		o.lost(v, twoPasses)
	}
	v.act = leave
	if r.plan.Browse > 0 {
		v.act = page
	} else if r.plan.Stay {
		r.tally.through.Add(1)
		return false
	}
	v.later(now, time.Duration(max(0, v.enterAt-a.serverTime))*time.Microsecond)
	return true
}

// seen is what follows from a page inside.
func (r *run) seen(v *visitor, a *answer, now int64) bool {
	if early := v.enterAt - a.serverTime; a.status == 429 && a.state == admitted && early > -Grace.Microseconds() {
		r.rooms[v.room].early(early)
		v.later(now, max(time.Millisecond, time.Duration(early)*time.Microsecond))
		return true
	}
	if a.status == 429 || a.status == 403 {
		r.rooms[v.room].lost(v, passRefused)
	}
	if a.status < 200 || a.status >= 400 {
		r.failure(page, a)
	}
	v.pages++
	v.later(now, r.plan.Think)
	if int(v.pages) < r.plan.Browse {
		return true
	}
	v.act = leave
	if r.plan.Stay {
		r.tally.through.Add(1)
	}
	return !r.plan.Stay
}
