package load

import (
	"sync"
	"time"
)

// tick is the grid on which all moments lie: visitors are told milliseconds, too.
const tick = int64(time.Millisecond)

// grid is the first moment on the grid that is not before t.
func grid(t int64) int64 { return (t + tick - 1) / tick * tick }

// slots is how many ticks the wheel has: some minutes, longer than the longest pause
// between two polls.
const slots = 1 << 18

// nobody is the end of a slot's chain.
const nobody = ^uint32(0)

// wheel holds the visitors who are to do something later, at no memory but a number in
// each of them. Adding and taking cost the same however many there are.
type wheel struct {
	visitors []visitor

	mu    sync.Mutex
	heads []uint32
	// at is the last tick that was taken.
	at int64
}

func newWheel(visitors []visitor) *wheel {
	w := &wheel{visitors: visitors, heads: make([]uint32, slots), at: -1}
	for i := range w.heads {
		w.heads[i] = nobody
	}
	return w
}

// add puts a visitor in for the moment in their due. It must be on the grid.
func (w *wheel) add(i uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(i)
}

func (w *wheel) put(i uint32) {
	slot := max(w.visitors[i].due/tick, w.at+1) % slots
	w.visitors[i].next = w.heads[slot]
	w.heads[slot] = i
}

// take gives those who are due at now or before, appended to out.
func (w *wheel) take(now int64, out []uint32) []uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	for to := now / tick; w.at < to; {
		w.at++
		slot := w.at % slots
		i := w.heads[slot]
		w.heads[slot] = nobody
		for i != nobody {
			next := w.visitors[i].next
			if w.visitors[i].due > w.at*tick {
				w.put(i) // in a later round
			} else {
				out = append(out, i)
			}
			i = next
		}
	}
	return out
}
