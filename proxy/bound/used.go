package bound

import (
	"sync"

	"waitroom/token"
)

// mostUsed bounds the challenges that are taken within their life; what comes above is refused. Twice as many are remembered at
// most, at some 20 bytes each.
const mostUsed = 1 << 19

// Used remembers the challenges that were taken, in this process, for as long as they could be signed again. The zero value is
// ready. Safe for concurrent use.
type Used struct {
	mu       sync.Mutex
	now, old map[[16]byte]struct{}
	turned   int64
}

// Take takes a challenge by its name; false where it was taken before, or is over, or where there are too many to remember it.
func (u *Used) Take(name [16]byte, until, now int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.now == nil || now-u.turned >= token.ChallengeLife { // what is two halves old is over
		u.now, u.old, u.turned = map[[16]byte]struct{}{}, u.now, now
	}
	_, taken := u.now[name]
	_, before := u.old[name]
	if taken || before || now >= until || len(u.now) >= mostUsed {
		return false
	}
	u.now[name] = struct{}{}
	return true
}
