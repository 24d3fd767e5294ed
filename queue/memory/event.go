package memory

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"waitroom/queue"
)

// kind is the first byte of a record.
type kind byte

const (
	kindBatch   kind = iota + 1 // all before it was durable when it was written
	kindEpoch                   // a new state began
	kindArrive                  // a place was given
	kindReturn                  // a ticket was put back
	kindCall                    // tickets were called, from the head
	kindEnter                   // a ticket became a pass
	kindLeave                   // a place was given up
	kindEnd                     // a pass was ended
	kindControl                 // somebody set something
	kindPace                    // the pace changed otherwise than by calls and entries
	kindRecover                 // the room recovers
	kindFork                    // two copies of a pass were in use
	kindHold                    // somebody was verified: who holds the person, and what was used up
	kindOpen                    // an opening began: its entries are counted anew; its place is when
)

// Flags of events.
const (
	// flagDrawn: the place was drawn, and the last place stays as it is.
	flagDrawn = 1 << iota
	// flagDirect: called at once, without being a cohort.
	flagDirect
	// flagKnown: the ended pass had a record.
	flagKnown
	// flagHolds: the device that asked holds the person from then on.
	flagHolds
	// flagTaken: what a former device has is of no use any more.
	flagTaken
	// flagTook: another device held the person until then.
	flagTook
)

// event is what an operation decided: results only, so that applying it needs no
// clock and no rules. Which fields count depends on the kind.
type event struct {
	kind  kind
	flags byte
	at    int64
	id    queue.ID
	place int64
	// entry and end are of a pass; due is the pace's after the entry.
	entry, end int64
	due        float64
	tickets    []ticket // called, in order
	pass       queue.PassID
	until      int64 // of a revocation, a floor, a recovery or a Taken
	floor      int64 // of a forked pass; 0 where it has no key
	epoch      string
	by, detail string
	control    queue.Control
	pace       queue.Pace
	claim      queue.Claim  // without its lengths and family
	holder     queue.Holder // where it holds the person
}

// ticket is one of those called.
type ticket struct {
	id    queue.ID
	place int64
}

// encode appends the event: a kind, flags, the time, and what the kind needs.
func (e *event) encode(b []byte) []byte {
	b = append(b, byte(e.kind), e.flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.at))
	switch e.kind {
	case kindEpoch:
		b = append(b, e.epoch...)
	case kindArrive, kindReturn, kindLeave:
		b = append(b, e.id[:]...)
		b = binary.AppendVarint(b, e.place-e.at)
	case kindCall:
		for _, t := range e.tickets {
			b = append(b, t.id[:]...)
			b = binary.AppendVarint(b, t.place-e.at)
		}
	case kindEnter:
		b = append(b, e.id[:]...)
		b = appendVarints(b, e.place-e.at, e.entry-e.at, e.end-e.at)
		b = appendFloat(b, e.due)
	case kindEnd:
		b = append(b, e.pass[:]...)
		b = appendVarints(b, e.place-e.at, e.entry-e.at, e.end-e.at, e.until-e.at)
		b = appendText(b, e.by)
		b = appendText(b, e.detail)
	case kindControl:
		b = appendText(b, e.by)
		b = appendText(b, e.detail)
		text, err := json.Marshal(e.control)
		if err != nil {
			panic("BUG: control does not marshal: " + err.Error())
		}
		b = append(b, text...)
	case kindPace:
		b = appendPace(b, &e.pace, e.at)
		b = binary.AppendVarint(b, e.until)
	case kindRecover:
		b = binary.AppendVarint(b, e.until-e.at)
	case kindFork:
		b = append(b, e.pass[:]...)
		b = appendVarints(b, e.place-e.at, e.entry-e.at, e.until-e.at, e.floor)
	case kindHold:
		b = e.appendHold(b)
	case kindOpen:
		b = binary.AppendVarint(b, e.place-e.at)
	}
	return b
}

func appendVarints(b []byte, values ...int64) []byte {
	for _, v := range values {
		b = binary.AppendVarint(b, v)
	}
	return b
}

func appendFloat(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendPace(b []byte, p *queue.Pace, at int64) []byte {
	for _, f := range [...]float64{p.Interval, p.Due, p.Ratio, p.Spare, p.SpareInterval} {
		b = appendFloat(b, f)
	}
	b = appendVarints(b, int64(p.Burst), p.Clock-at, int64(len(p.Cohorts)))
	for _, c := range p.Cohorts {
		b = appendVarints(b, c.At-at, c.From-at, c.Upto-at, c.Called, c.Entered)
	}
	return b
}

var errShort = errors.New("the record ends too soon")

// reader takes a payload apart; the first thing missing makes it empty and failed.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.b)) {
		r.failed, r.b = true, nil
		return make([]byte, min(n, 16))
	}
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) float() float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
}

func (r *reader) text() string {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.failed, r.b = true, nil
		return ""
	}
	r.b = r.b[size:]
	return string(r.take(n))
}

// decode is the inverse of encode. It keeps nothing of b.
func decode(b []byte) (event, error) {
	r := &reader{b: b}
	head := r.take(2)
	e := event{kind: kind(head[0]), flags: head[1]}
	e.at = int64(binary.LittleEndian.Uint64(r.take(8)))
	switch e.kind {
	case kindBatch:
	case kindEpoch:
		e.epoch = string(r.take(uint64(len(r.b))))
	case kindArrive, kindReturn, kindLeave:
		e.id, e.place = queue.ID(r.take(12)), e.at+r.varint()
	case kindCall:
		for len(r.b) > 0 {
			e.tickets = append(e.tickets, ticket{queue.ID(r.take(12)), e.at + r.varint()})
		}
	case kindEnter:
		e.id, e.place, e.entry, e.end = queue.ID(r.take(12)), e.at+r.varint(), e.at+r.varint(), e.at+r.varint()
		e.due = r.float()
	case kindEnd:
		e.pass = queue.PassID(r.take(16))
		e.place, e.entry, e.end, e.until = e.at+r.varint(), e.at+r.varint(), e.at+r.varint(), e.at+r.varint()
		e.by, e.detail = r.text(), r.text()
	case kindControl:
		e.by, e.detail = r.text(), r.text()
		if err := json.Unmarshal(r.take(uint64(len(r.b))), &e.control); err != nil {
			return e, fmt.Errorf("read control: %w", err)
		}
	case kindPace:
		e.pace, e.until = r.pace(e.at), r.varint()
	case kindRecover:
		e.until = e.at + r.varint()
	case kindFork:
		e.pass = queue.PassID(r.take(16))
		e.place, e.entry, e.until, e.floor = e.at+r.varint(), e.at+r.varint(), e.at+r.varint(), r.varint()
	case kindHold:
		r.hold(&e)
	case kindOpen:
		e.place = e.at + r.varint()
	default:
		return e, fmt.Errorf("a record of unknown kind %d", e.kind)
	}
	if r.failed {
		return e, errShort
	}
	return e, nil
}

func (r *reader) pace(at int64) queue.Pace {
	p := queue.Pace{Interval: r.float(), Due: r.float(), Ratio: r.float(), Spare: r.float(), SpareInterval: r.float()}
	p.Burst, p.Clock = int(r.varint()), at+r.varint()
	cohorts := r.varint()
	for range min(max(cohorts, 0), int64(len(r.b))) {
		p.Cohorts = append(p.Cohorts, queue.Cohort{
			At: at + r.varint(), From: at + r.varint(), Upto: at + r.varint(), Called: r.varint(), Entered: r.varint(),
		})
	}
	return p
}
