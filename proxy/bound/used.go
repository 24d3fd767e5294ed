package bound

import (
	"sync"

	"waitroom/token"
)

// mostUsed bounds one half of what is remembered: 131,072 names, some 5 MB with the other half.
const mostUsed = 1 << 16

// Used remembers the challenges that were taken, in this process, for as long as they could be signed again. The zero value is
// ready. Safe for concurrent use.
type Used struct {
	mu       sync.Mutex
	now, old map[[16]byte]struct{}
	turned   int64
}

// Take takes a challenge by its name; false where it was taken before, or is over.
func (u *Used) Take(name [16]byte, until, now int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	// What is two halves old is over. Where more come in that time the oldest are forgotten early.
	if age := now - u.turned; u.now == nil || age < 0 || age >= token.ChallengeLife || len(u.now) >= mostUsed {
		u.now, u.old, u.turned = map[[16]byte]struct{}{}, u.now, now
	}
	if _, ok := u.now[name]; ok || now >= until {
		return false
	}
	if _, ok := u.old[name]; ok {
		return false
	}
	u.now[name] = struct{}{}
	return true
}
