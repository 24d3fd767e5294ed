package memory

import "waitroom/queue"

// timer says that something of a ticket is to be looked at, not before a time.
type timer struct {
	at int64
	id queue.ID
}

// timers is a binary heap of timers, the earliest first. Nothing is ever taken out
// early: whoever pops one looks whether it still means anything.
type timers []timer

func (t *timers) push(at int64, id queue.ID) {
	h := append(*t, timer{at, id})
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if h[up].at <= h[i].at {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	*t = h
}

// due pops the earliest timer if its time has come.
func (t *timers) due(now int64) (timer, bool) {
	h := *t
	if len(h) == 0 || h[0].at > now {
		return timer{}, false
	}
	top, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < len(h) && h[down].at < h[least].at {
				least = down
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	*t = h
	return top, true
}
