// Package traffic counts what the gateway does with requests, for Prometheus.
//
// Counting costs a few atomic additions and no allocation, and the label sets are
// fixed when the program is built, so no client can make them grow. It decides
// nothing, keeps no address and no path, and forgets everything at a restart.
package traffic

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Verdict is what became of a request.
type Verdict uint8

// The verdicts.
const (
	Passed  Verdict = iota // forwarded, with a valid pass
	Allowed                // forwarded without a pass, because a rule lets it through
	Opened                 // forwarded, because its path is open to all
	Queued                 // answered with the waiting page, or the problem that says the same
	Joined                 // a place was asked for
	Polled                 // a standing was asked for
	Entered                // a pass was given, for the first time or again
	Left                   // a place was given up
	Bound                  // a browser registered or renewed its session, or ended it
	Keyed                  // a device proved its key, or a new one
	Own                    // another page or file of the gateway's own
	Refused                // refused; the reason is counted, too
	verdicts
)

var verdictNames = [verdicts]string{"passed", "allowed", "opened", "queued", "joined", "polled", "entered", "left", "bound", "keyed", "own", "refused"}

// String is the verdict as its label shows it.
func (v Verdict) String() string { return name(verdictNames[:], int(v)) }

// Reason is why a request was refused.
type Reason uint8

// The reasons.
const (
	Malformed      Reason = iota // not HTTP as the gateway reads it
	UnknownHost                  // no room has this host
	BadMethod                    // a method that is not forwarded
	TooLarge                     // the head or the body is above its limit
	TooSlow                      // the client did not send in time
	BadTicket                    // no ticket, or one that is forged, foreign, damaged or used
	BadPass                      // a pass that is forged, foreign or damaged
	ExpiredPass                  // a pass that is over, or not valid yet
	RevokedPass                  // a pass that was ended
	CopiedPass                   // a pass of which there are copies, until its device proves its key
	TakenPass                    // a pass of a device from which another one has taken the person
	OtherDevice                  // a ticket or pass of another device
	NoProof                      // no proof of the device's key where one is needed
	StaleProof                   // a proof whose nonce is over
	BadProof                     // a proof that is forged, of another key or for another call
	UsedProof                    // a proof that was taken before, or one too many
	Unconfirmed                  // a pass with a session, without its bound cookie
	RenewalSkipped               // the same, and the browser says that it did not renew
	Unbound                      // a pass without a session, where one is required
	BadSession                   // a registration or renewal that proves nothing
	ForeignOrigin                // a WebSocket with a pass, opened by a page of another origin
	Unverified                   // nobody has said who it is, and the room asks for it
	NotEligible                  // a verified person who may not now
	HeldElsewhere                // a person whom another device holds
	NotCalled                    // enter before the call
	Limited                      // too many of the kind came from there
	Overload                     // the gateway has too much under way
	StoreAway                    // the store does not answer
	BackendDown                  // no backend could be reached
	BackendSlow                  // the backend did not answer in time
	BackendBroke                 // the backend's answer was not HTTP, or ended early
	reasons
)

var reasonNames = [reasons]string{
	"malformed", "unknown_host", "bad_method", "too_large", "too_slow", "bad_ticket", "bad_pass", "expired_pass", "revoked_pass", "copied_pass", "taken_pass",
	"other_device", "no_proof", "stale_proof", "bad_proof", "used_proof", "unconfirmed", "renewal_skipped", "unbound", "bad_session", "foreign_origin", "unverified", "not_eligible", "held_elsewhere", "not_called", "limited", "overload", "store_away", "backend_down", "backend_slow", "backend_broke",
}

// String is the reason as its label shows it.
func (r Reason) String() string { return name(reasonNames[:], int(r)) }

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "other"
}

// classes are the status classes of answers: 1xx to 5xx.
const classes = 5

// bounds are the upper bounds of the backend's latency in the histogram.
var bounds = [...]time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 30 * time.Second,
}

// Traffic is the counters of all rooms. Make it with New.
type Traffic struct {
	mu    sync.Mutex
	rooms map[string]*Room
}

// New is a Traffic that has counted nothing.
func New() *Traffic { return &Traffic{rooms: map[string]*Room{}} }

// Room is the counters of a room, made at the first call for its name; "" is for
// requests that belong to no room. It takes a lock: call it when the configuration
// is read, and keep the answer.
func (t *Traffic) Room(name string) *Room {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rooms[name] == nil {
		t.rooms[name] = &Room{name: name}
	}
	return t.rooms[name]
}

// all is the rooms by name.
func (t *Traffic) all() []*Room {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rooms []*Room
	for _, r := range t.rooms {
		rooms = append(rooms, r)
	}
	slices.SortFunc(rooms, func(a, b *Room) int { return strings.Compare(a.name, b.name) })
	return rooms
}

// Room counts one room's requests. All methods may be called at once from many
// goroutines; none blocks or allocates.
type Room struct {
	name     string
	requests [verdicts]atomic.Uint64
	refusals [reasons]atomic.Uint64
	answers  [classes]atomic.Uint64
	latency  [len(bounds) + 1]atomic.Uint64
	took     atomic.Int64 // nanoseconds
	inflight atomic.Int64
	cache    cached
}

// Request counts a request by what became of it. Refusals are counted by Refuse.
func (r *Room) Request(v Verdict) {
	if v < verdicts {
		r.requests[v].Add(1)
	}
}

// Refuse counts a refused request, and why.
func (r *Room) Refuse(why Reason) {
	r.requests[Refused].Add(1)
	if why < reasons {
		r.refusals[why].Add(1)
	}
}

// Answer counts the backend's answer to a forwarded request, by the class of its
// status, and the time until its head had come.
func (r *Room) Answer(status int, took time.Duration) {
	class := status/100 - 1
	if class < 0 || class >= classes {
		class = classes - 1 // what is no status is the backend's error
	}
	r.answers[class].Add(1)
	i := 0
	for i < len(bounds) && took > bounds[i] {
		i++
	}
	r.latency[i].Add(1)
	r.took.Add(int64(max(0, took)))
}

// InFlight moves the number of requests that wait for the backend, by 1 or -1.
func (r *Room) InFlight(by int64) { r.inflight.Add(by) }
