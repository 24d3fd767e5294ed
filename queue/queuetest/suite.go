package queuetest

import "testing"

// trial is one promise, and how it is tried.
type trial struct {
	promise string
	try     func(t *testing.T, b *Bench)
	loses   bool  // needs a store that can lose its state
	lasts   int64 // virtual seconds, of trials of the rate
}

// Run tries every promise on fresh benches. An engine's test calls it, and
// RunModel, and tests only what is its own besides. Trials of a loss of
// state are for engines whose benches can lose.
func Run(t *testing.T, start func(t *testing.T) *Bench) {
	first := start(t)
	for _, group := range [][]trial{
		arriving(), entering(), calling(), limiting(), drawing(), forgetting(), operating(), telling(), pacing(), rotating(), using(), selling(), holding(), auditing(),
	} {
		for _, tr := range group {
			if fits(first, tr) {
				t.Run(tr.promise, func(t *testing.T) { tr.try(t, start(t)) })
			}
		}
	}
}

func fits(b *Bench, tr trial) bool {
	return (b.Lose != nil || !tr.loses) && (b.Longest == 0 || tr.lasts <= b.Longest)
}
