package waiting

import "sync"

// Proofs remembers which proofs were taken, so that each is taken once. One is shared by all rooms of a gateway, and stays when the
// configuration changes. Make it with NewProofs.
//
// Registrations are remembered apart: whoever floods a gateway with them keeps nobody from entering.
type Proofs struct{ entering, registering once }

const (
	// proofLife is for how long a proof is remembered at least, in microseconds: longer than a nonce is good for.
	proofLife = 70 * second
	// mostProofs bounds the proofs of one kind that are taken within proofLife; what comes above is refused. Remembered are twice
	// as many at most, at some 20 bytes each.
	mostProofs = 1 << 19
)

// NewProofs remembers none.
func NewProofs() *Proofs {
	return &Proofs{entering: once{most: mostProofs}, registering: once{most: mostProofs}}
}

// once is a set of names, kept in two generations.
type once struct {
	most     int
	mu       sync.Mutex
	now, old map[[16]byte]struct{}
	began    int64
}

// take says whether a name is new, and remembers it. It is not where there are too many to remember one more.
func (o *once) take(name [16]byte, now int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now == nil || now-o.began >= proofLife {
		o.old, o.now, o.began = o.now, map[[16]byte]struct{}{}, now
	}
	_, taken := o.now[name]
	_, before := o.old[name]
	if taken || before || len(o.now) >= o.most {
		return false
	}
	o.now[name] = struct{}{}
	return true
}
