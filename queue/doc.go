// Package queue is the line: who stands where, whose turn it is, and when a
// ticket becomes a pass.
//
// It holds the rules as pure functions over plain values (pace.go, ranks.go,
// estimate.go, standing.go), the words that both engines speak (line.go,
// control.go, journal.go), and what a gateway last read of a room (view.go).
// The engines are queue/memory, in this process, and queue/redis.
//
// # Time and place
//
// Every time is an int64 of microseconds since 1970 UTC on the store's clock.
// Nothing that a visitor sends is ever read as a time. A place is such a
// number, too: max(last+1, now) at arrival, so places rise strictly, are exact
// in a float64 until the year 2255, and stay above whatever a lost state may
// have given out, because time went on meanwhile.
//
// # A ticket's way
//
//	Arrive ──→ in the line ──call──→ called ──Enter──→ entered ──→ over
//
// A ticket is called when its place is at or below the front. That is a
// comparison of two numbers, so a gateway answers polls from its View alone.
// Called tickets that do not enter promptly are late: they hold no slot, and may
// still enter as long as their ticket lives. Tickets that a store has forgotten
// are put back at their own place by Return.
//
// # Promises
//
//  1. Calls are in order of place; tickets put back or late go first.
//  2. In every window of length W, entries are at most rate × W + burst, across
//     rate changes, gateways, restarts and failovers.
//  3. A ticket enters at most once; an id has at most one place and one pass.
//  4. Nobody loses a place by a lost reply, a retry, a crash or a store's loss:
//     every operation is idempotent by ticket id.
//  5. With a share p of those called showing up, entries reach at least 98 % of
//     the rate while the line is not empty.
//  6. Polls make no call to the store; the store's work per entry is constant,
//     and logarithmic in the line's length.
//
// queue/queuetest tries to break each of them, on both engines.
package queue
