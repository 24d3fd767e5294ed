package main

import "time"

const (
	// grace is how long requests that began before a reload may take to get to a
	// backend: longer than any waits for the store on the way.
	grace = 2 * time.Second
	// lingering is how long answers and tunnels of a backend that was replaced may go
	// on; what streams longer is cut off.
	lingering = 10 * time.Minute
	// retireEvery is the pause between two looks whether they have ended.
	retireEvery = 100 * time.Millisecond
)

// retire ends what a reload left without use, when nothing passes through it any more:
// a request goes on with the configuration that it began with. It does not block.
// Backends that are left when the gateway stops are closed then.
func (g *gateway) retire(left []*room) {
	for _, r := range left {
		g.retired.Go(func() {
			defer r.end()
			began := time.Now()
			tick := time.NewTicker(retireEvery)
			defer tick.Stop()
			for age := time.Duration(0); age < grace || age < lingering && r.busy(); age = time.Since(began) {
				select {
				case <-g.ending:
					return
				case <-tick.C:
				}
			}
		})
	}
}

// endRetired closes at once what retire has not.
func (g *gateway) endRetired() {
	close(g.ending)
	g.retired.Wait()
}

// busy says whether the room's backend has requests or tunnels in flight.
func (r *room) busy() bool {
	for _, s := range r.backend.States() {
		if s.InFlight > 0 {
			return true
		}
	}
	return false
}
