package simulate

import (
	"math"
	"time"
)

// Costs are what requests and tickets cost on one core like those of bench/README.md.
// The traffic of those inside, TLS, and rendering the page are not among them.
type Costs struct {
	// Poll, Join and Enter are the gateway's CPU time for each.
	Poll, Join, Enter time.Duration
	// StoreJoin and StoreEnter are Redis's for each, the call included in the latter.
	// Polls cost it nothing.
	StoreJoin, StoreEnter time.Duration
	// Waiting, Called and Entered are the bytes of Redis for a ticket in each state.
	// The last is kept as long as its ticket could be shown.
	Waiting, Called, Entered float64
	// Recorded is the bytes of the journal in Redis for a visitor who is called and
	// enters. It is cut at a million records, each of some visitors at a time; what is
	// cut is not reckoned with.
	Recorded float64
}

// Measured are the costs as they were measured. Whoever measures anew changes them here.
//
//   - Poll, Join, StoreJoin: bench/README.md, "The gateway beside others", the column of
//     CPU per request, rounded up; `make bench-peers`.
//   - Enter: `go test ./bench/simulate -run EntryCosts -v` on the embedded store and on
//     Redis (73 and 83 µs), rounded up.
//   - StoreEnter: docs/measured.md, an entry alone in its trip; those that share one take less.
//   - bytes: `go test ./bench/simulate -run Redis -v`, with identity off; in a line of 10
//     million a waiting ticket takes a tenth more.
func Measured() Costs {
	return Costs{
		Poll: 20 * time.Microsecond, Join: 32 * time.Microsecond, Enter: 90 * time.Microsecond,
		StoreJoin: 10 * time.Microsecond, StoreEnter: 80 * time.Microsecond,
		Waiting: 110, Called: 110, Entered: 210, Recorded: 90,
	}
}

const (
	// GatewayCores is how many cores a gateway is reckoned with.
	GatewayCores = 2
	// busyShare is how much of its cores a gateway may need at the peak, and Redis of
	// its one: the rest is for who reloads, for TLS and for a gateway that fails.
	busyShare = 0.5
)

// Needs is what has to be there to carry a run.
type Needs struct {
	// GatewayCPU is the most seconds of CPU that all gateways need in a second, over ten
	// seconds, for the line alone, and Gateways how many of GatewayCores cores that are, half used.
	GatewayCPU float64 `json:"gateway_cpu"`
	Gateways   int     `json:"gateways"`
	// StoreCPU is the same of Redis, which has one core.
	StoreCPU float64 `json:"redis_cpu"`
	// StoreBytes is the most memory that Redis needs for the room.
	StoreBytes float64 `json:"redis_bytes"`
}

// Needs multiplies what happened by what it costs. Kept is how long Redis remembers an
// entry: the hold and the longest life of a pass.
func (r *Result) Needs(c Costs, kept time.Duration) Needs {
	var n Needs
	windows := int(kept / (window * time.Microsecond))
	var entered, ever float64
	for i := range r.loads {
		l := &r.loads[i]
		polls, joins, enters := float64(l.polls), float64(l.joins), float64(l.enters)
		cpu := polls*c.Poll.Seconds() + joins*c.Join.Seconds() + enters*c.Enter.Seconds()
		n.GatewayCPU = math.Max(n.GatewayCPU, cpu*second/window)
		store := joins*c.StoreJoin.Seconds() + enters*c.StoreEnter.Seconds()
		n.StoreCPU = math.Max(n.StoreCPU, store*second/window)
		entered += float64(l.entered)
		if i > windows {
			entered -= float64(r.loads[i-windows-1].entered)
		}
		ever += enters
		n.StoreBytes = math.Max(n.StoreBytes, float64(l.waiting)*c.Waiting+float64(l.called)*c.Called+
			entered*c.Entered+ever*c.Recorded)
	}
	n.Gateways = max(1, int(math.Ceil(n.GatewayCPU/GatewayCores/busyShare)))
	return n
}
