package redis

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"waitroom/queue"
)

//go:embed lua/state.lua
var stateLua string

//go:embed lua/pace.lua
var paceLua string

//go:embed lua/cohorts.lua
var cohortsLua string

//go:embed lua/calls.lua
var callsLua string

//go:embed lua/begin.lua
var beginLua string

//go:embed lua/limits.lua
var limitsLua string

//go:embed lua/save.lua
var saveLua string

//go:embed lua/seats.lua
var seatsLua string

//go:embed lua/visits.lua
var visitsLua string

//go:embed lua/admit.lua
var admitLua string

//go:embed lua/arrive.lua
var arriveLua string

//go:embed lua/enter.lua
var enterLua string

//go:embed lua/leave.lua
var leaveLua string

//go:embed lua/tick.lua
var tickLua string

//go:embed lua/sweep.lua
var sweepLua string

//go:embed lua/view.lua
var viewLua string

//go:embed lua/control.lua
var controlLua string

//go:embed lua/finish.lua
var finishLua string

//go:embed lua/lineage.lua
var lineageLua string

//go:embed lua/hold.lua
var holdLua string

//go:embed lua/touch.lua
var touchLua string

// scripts are the operations of one room; each is sent whole once and by its hash
// from then on, and again whole where the server has forgotten it.
type scripts struct {
	arrive, enter, leave, tick, view, control, finish, touch, hold *redis.Script
}

func newScripts() scripts {
	of := func(parts ...string) *redis.Script {
		return redis.NewScript(strings.Join(append([]string{stateLua, paceLua, cohortsLua, beginLua, limitsLua}, parts...), "\n"))
	}
	return scripts{
		arrive: of(saveLua, seatsLua, visitsLua, admitLua, arriveLua), enter: of(saveLua, seatsLua, visitsLua, admitLua, enterLua),
		leave: of(saveLua, seatsLua, leaveLua), finish: of(saveLua, seatsLua, finishLua), touch: of(saveLua, seatsLua, lineageLua, touchLua),
		tick: of(callsLua, tickLua, sweepLua), control: of(controlLua), view: redis.NewScript(viewLua),
		hold: of(holdLua),
	}
}

// keys are those of one room, in one hash slot.
func keys(prefix, room string) []string {
	base := prefix + ":{" + room + "}:"
	names := []string{"line", "called", "entered", "active", "state", "journal", "revoked", "taken"}
	for i, n := range names {
		names[i] = base + n
	}
	return names
}

// run runs a script. A connection that broke before anything came back is tried
// once more: the scripts are idempotent.
func (l *Line) run(ctx context.Context, s *redis.Script, args []any) ([]any, error) {
	return l.runOn(ctx, s, l.keys, args)
}

// runOn is run with other keys than the room's alone.
func (l *Line) runOn(ctx context.Context, s *redis.Script, keys []string, args []any) ([]any, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.store.trip)
	defer cancel()
	answer, err := s.Run(ctx, l.store.client, keys, args...).Slice()
	if broken(err) && ctx.Err() == nil {
		answer, err = s.Run(ctx, l.store.client, keys, args...).Slice()
	}
	if err != nil {
		l.keep()
	}
	return answer, err
}

func broken(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op) && !op.Timeout()
}

// seen is what this gateway read of the state last. It goes with every operation, so
// that a store that has forgotten its last writes, or all, is brought up to it.
type seen struct {
	epoch string
	clock int64
	// state is clock, due, interval, front, last, opening and entries in it as they came; nothing where none did.
	state string
}

// An answer begins with a head: the epoch, and eight doubles; see state.lua.
const (
	headLength = 2
	headStates = 7 // of which so many go back
)

// args begins the arguments of every script; see state.lua.
func (l *Line) args(own int) []any {
	rules, known := l.Rules(), l.known()
	state := appendDoubles(make([]byte, 0, 8*(1+headStates)), l.View().LongestPoll())
	if state = append(state, known.state...); known.state == "" {
		state = state[:cap(state)] // all 0
	}
	draw := int64(0)
	if rules.Draw {
		draw = 1
	}
	packed := appendDoubles(make([]byte, 0, 8*9), int64(max(1, rules.Burst)), rules.OpensAt, rules.ClosesAt, rules.Hold,
		rules.PassTTL, rules.MaxActive)
	packed = appendDoubles(appendDouble(packed, queue.Interval(rules.RatePerHour)), draw, rules.Quota)
	args := make([]any, 0, 6+own)
	return append(args, l.now(), newEpoch(), known.epoch, l.name, state, packed)
}

func (l *Line) now() string { return l.store.at() }

// at is the time of a test, "" for the store's own clock.
func (s *Store) at() string {
	if s.now == nil {
		return ""
	}
	return strconv.FormatInt(s.now(), 10)
}
