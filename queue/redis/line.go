package redis

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"waitroom/queue"
)

// Line is one room's line. It implements queue.Line, queue.Inside, queue.Operated
// and queue.Kept.
type Line struct {
	store   *Store
	room    string
	name    string // of this gateway, new with each start
	keys    []string
	scripts scripts

	rules   atomic.Pointer[queue.Rules]
	view    atomic.Pointer[queue.View]
	revoked revoked
	taken   taken
	entered remembered

	mu   sync.Mutex
	last seen
	kept *queue.Control // from before the store was away
	loss *loss          // nil where the store has all

	mending sync.Mutex

	refreshing sync.Mutex
	knots      *queue.Knots // of the view; guarded by refreshing

	arrivals batch[queue.Arrival, queue.Seat]
	entries  batch[place, queue.Seat]
	leaves   batch[place, struct{}]
	touches  batch[touch, struct{}]
}

type place struct {
	id    queue.ID
	place int64
}

type touch struct {
	pass  queue.PassID
	until int64
	shown byte // see touch.lua
	queue.Shown
}

// What a touch says of a generation; see touch.lua.
const (
	wasShown = 1
	isKeyed  = 2
)

// Room opens one room's line and reads its view, and which passes were ended. It
// blocks until the store has answered or the context ends.
func (s *Store) Room(ctx context.Context, name string, rules queue.Rules) (*Line, error) {
	l := &Line{store: s, room: name, name: newEpoch(), keys: keys(s.prefix, name), scripts: newScripts()}
	l.rules.Store(&rules)
	l.view.Store(&queue.View{Rules: rules})
	l.arrivals = batch[queue.Arrival, queue.Seat]{do: l.arrive, trips: &s.trips}
	l.entries = batch[place, queue.Seat]{do: l.enter, trips: &s.trips}
	l.leaves = batch[place, struct{}]{do: l.leave, trips: &s.trips}
	l.touches = batch[touch, struct{}]{do: l.touch, trips: &s.trips}
	if _, err := l.Tick(ctx); err != nil {
		return nil, fmt.Errorf("open room %s: %w", name, err)
	}
	if err := l.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("open room %s: %w", name, err)
	}
	return l, nil
}

// Rules are those in force at this gateway.
func (l *Line) Rules() queue.Rules { return *l.rules.Load() }

// SetRules replaces the rules that the configuration gives, for this gateway.
func (l *Line) SetRules(r queue.Rules) { l.rules.Store(&r) }

// View is the room as it was last read.
func (l *Line) View() *queue.View { return l.view.Load() }

// Arrive implements queue.Line.
func (l *Line) Arrive(ctx context.Context, a queue.Arrival) (queue.Seat, error) {
	a.Place = 0
	return l.arrivals.ask(ctx, a)
}

// Return implements queue.Line.
func (l *Line) Return(ctx context.Context, a queue.Arrival) (queue.Seat, error) {
	if a.Place <= 0 {
		panic("BUG: Return without the place that the ticket shows")
	}
	a.Direct = false
	return l.arrivals.ask(ctx, a)
}

// Enter implements queue.Line.
func (l *Line) Enter(ctx context.Context, id queue.ID, at int64) (queue.Seat, error) {
	return l.entries.ask(ctx, place{id, at})
}

// Leave implements queue.Line.
func (l *Line) Leave(ctx context.Context, id queue.ID, at int64) error {
	_, err := l.leaves.ask(ctx, place{id, at})
	return err
}

// Touch implements queue.Inside.
func (l *Line) Touch(p queue.PassID, until int64) {
	_ = l.touches.add(l.touches.newAsk(touch{pass: p, until: until})) // a lost touch costs accuracy only
}

// Show implements queue.Inside.
func (l *Line) Show(p queue.PassID, until int64, s queue.Shown) {
	t := touch{p, until, wasShown, s}
	if s.Keyed {
		t.shown |= isKeyed
	}
	_ = l.touches.add(l.touches.newAsk(t)) // it is shown again
}

// Flags of an arrival; see arrive.lua.
const (
	isDirect = 1 << iota
	isForeign
	hasPlace
	hasRecord
)

func (l *Line) arrive(ctx context.Context, asks []queue.Arrival) ([]queue.Seat, error) {
	ids, flags := make([]byte, 0, idLength*len(asks)), make([]byte, len(asks))
	var told []byte
	for i := range asks {
		a := &asks[i]
		ids = append(ids, a.ID[:]...)
		if a.Direct {
			flags[i] |= isDirect
		}
		if a.Foreign {
			flags[i] |= isForeign
		}
		if a.Place != 0 || a.Drawn != 0 {
			flags[i] |= hasPlace
			told = appendDoubles(told, a.Place, a.Drawn)
			if record := l.entered.get(a.ID, a.Place); record != "" {
				flags[i] |= hasRecord
				told = append(told, record...)
			}
		}
	}
	answer, err := l.run(ctx, l.scripts.arrive, append(l.args(3), ids, flags, told))
	if err != nil {
		return nil, away("arrive", err)
	}
	return l.seats(answer, len(asks), func(i int) queue.ID { return asks[i].ID })
}

func (l *Line) enter(ctx context.Context, asks []place) ([]queue.Seat, error) {
	ids, flags := make([]byte, 0, idLength*len(asks)), make([]byte, len(asks))
	told := make([]byte, 0, 8*len(asks))
	for i, a := range asks {
		ids, told = append(ids, a.id[:]...), appendDoubles(told, a.place)
		if record := l.entered.get(a.id, a.place); record != "" {
			flags[i] = 1
			told = append(told, record...)
		}
	}
	answer, err := l.run(ctx, l.scripts.enter, append(l.args(3), ids, flags, told))
	if err != nil {
		return nil, away("enter", err)
	}
	return l.seats(answer, len(asks), func(i int) queue.ID { return asks[i].id })
}

func (l *Line) leave(ctx context.Context, asks []place) ([]struct{}, error) {
	var ids, places []byte
	for _, a := range asks {
		ids, places = append(ids, a.id[:]...), appendDoubles(places, a.place)
	}
	if err := l.told(l.run(ctx, l.scripts.leave, append(l.args(2), ids, places))); err != nil {
		return nil, away("leave", err)
	}
	return make([]struct{}, len(asks)), nil
}

func (l *Line) touch(ctx context.Context, asks []touch) ([]struct{}, error) {
	var ids, uses []byte
	for _, a := range asks {
		ids = append(ids, a.pass[:idLength]...)
		uses = append(appendDoubles(append(uses, a.pass[idLength:]...), a.until), a.shown)
		uses = binary.BigEndian.AppendUint32(uses, uint32(a.Gen)) // #nosec G115 -- a pass carries 27 bits
		uses = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(uses, a.Parent), a.Grand)
	}
	if err := l.told(l.run(ctx, l.scripts.touch, append(l.args(2), ids, uses))); err != nil {
		return nil, away("touch", err)
	}
	return make([]struct{}, len(asks)), nil
}

// idLength is that of a ticket's id, with which the pass's name begins, too.
const idLength = len(queue.ID{})

// seatLength is how many doubles an answer has for a ticket; see visits.lua.
const seatLength = 6

// states are the codes of state.lua.
var states = [...]queue.State{
	queue.StateWaiting, queue.StateCalled, queue.StateAdmitted, queue.StateOver, queue.StateFull,
	queue.StateEarly, queue.StateClosed, queue.StatePaused, queue.StateRecovering, queue.StateSoldOut,
}

// seats reads an answer of n seats, and remembers who has entered.
func (l *Line) seats(answer []any, n int, id func(int) queue.ID) ([]queue.Seat, error) {
	if err := l.told(answer, nil); err != nil {
		return nil, away("read an answer", err)
	}
	packed := ""
	if len(answer) == headLength+1 {
		packed, _ = answer[headLength].(string)
	}
	if len(packed) != 8*seatLength*n {
		return nil, away("read an answer", errShape)
	}
	epoch, _ := answer[0].(string)
	state, _ := answer[1].(string)
	now, rules := int64(double(state, 0)), l.Rules()
	seats := make([]queue.Seat, n)
	for i := range seats {
		at := func(field int) int64 { return int64(double(packed, seatLength*i+field)) }
		if at(0) < 0 || at(0) >= int64(len(states)) {
			return nil, away("read an answer", errShape)
		}
		seats[i] = queue.Seat{
			State: states[at(0)], Place: at(1), Number: at(2), Entry: at(3), End: at(4), Ahead: at(5), Epoch: epoch,
		}
		if seats[i].State == queue.StateAdmitted {
			l.entered.put(id(i), seats[i], now, rules)
		}
	}
	return seats, nil
}

// told takes the head of an answer: what this gateway has seen of the state.
func (l *Line) told(answer []any, err error) error {
	if err != nil {
		return err
	}
	if len(answer) < headLength {
		return errShape
	}
	epoch, _ := answer[0].(string)
	state, _ := answer[1].(string)
	if len(state) != 8*(headStates+1) {
		return errShape
	}
	s := seen{epoch: epoch, clock: int64(double(state, 0)), state: state[:8*headStates]}
	l.mu.Lock()
	defer l.mu.Unlock()
	// Answers may overtake each other: an older one does not count.
	if s.epoch != l.last.epoch || s.clock >= l.last.clock || l.last.clock-s.clock > 2*second {
		l.last = s
	}
	if since := int64(double(state, headStates)); since > 0 {
		l.forgot(since)
	}
	return nil
}

const second = 1_000_000

func (l *Line) known() seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// whole reads a number of an answer; what is none counts as 0.
func whole(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case string:
		i, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			f, _ := strconv.ParseFloat(n, 64)
			return int64(f)
		}
		return i
	}
	return 0
}

func newEpoch() string {
	var b [9]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
