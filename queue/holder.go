package queue

// StateKept is how long an engine remembers the state of a verification, in microseconds: longer than any may take.
const StateKept = 15 * 60 * second

// Holder is what an engine keeps of a person who is held. The zero value holds nobody.
type Holder struct {
	// ID is the one that the person is held under.
	ID     ID
	Device [16]byte
	// State is that of the verification that was told last.
	State  [16]byte
	Family byte
	// Took says that the verification took the person from another device.
	Took bool
	// Since, Until and End are when the device took the person, from when on another may, and from when on nothing is known.
	Since, Until, End int64
}

// Holds says whether the person is held by some device.
func (h *Holder) Holds(now int64) bool { return now < h.End }

// Told is the answer to the claim that made h.
func (h *Holder) Told() Holding {
	return Holding{Outcome: HeldHere, ID: h.ID, Since: h.Since, Until: h.Until, Family: h.Family, Took: h.Took}
}

// Claimed is what becomes of h by a claim, and whether the claim gets the person. Times of Since lie above floor.
//
// The device that holds the person begins a new lock with each verification. Its Since stays, so that it is one of its own for as
// long as the record lives; it moves only with a verification whose lock would outlast the record, which begins the record anew.
// Nobody is taken from by that: older tickets of the same device stay good.
func (h Holder) Claimed(c *Claim, now, floor int64) (next Holder, ok bool) {
	until, since := now+c.Lock, max(now, floor+1, h.Since+1)
	begun := Holder{
		ID: h.ID, Device: c.Device, State: c.State, Family: c.Family, Since: since, Until: until, End: since + max(c.Keep, c.Lock),
	}
	switch {
	case !h.Holds(now):
		begun.ID = c.IDs[0]
		return begun, true
	case h.Device != c.Device && now < h.Until:
		return h, false
	case h.Device != c.Device:
		begun.Took = true
		return begun, true
	case c.State == h.State && c.State != [16]byte{}:
		return h, true // asked again
	case until > h.End:
		return begun, true
	}
	begun.Since, begun.End = h.Since, h.End
	return begun, true
}

// TakenKept is for how long a Taken has to be told: while a ticket or a pass of the former device could live. A ticket is
// renewed until Keep after its verification at most, lives for a hold from then on, and may become a pass at its last moment.
func TakenKept(keep int64, r *Rules) int64 { return keep + r.Hold + r.PassTTL + 60*second }

// Doubtful says whether a claim of somebody of whom there is no record may be that of a person whom another device held before
// the store lost its state: while a ticket or pass from before the loss can live; and, since a loss without a witness looks
// like a first start, for as long after a start as such a ticket can live without being shown. Then the claim is told as
// Taken. Lost is when the last loss was noticed, 0 for none.
func Doubtful(now, began, lost, keep int64, r *Rules) bool {
	return now < began+TakenKept(0, r) || lost > 0 && now < lost+TakenKept(keep, r)
}
