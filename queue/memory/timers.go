package memory

// timer says that something of a ticket, or of what else K names, is to be looked at, not before a time.
type timer[K any] struct {
	at int64
	id K
}

// timers is a binary heap of timers, the earliest first. Nothing is ever taken out
// early: whoever pops one looks whether it still means anything.
type timers[K any] []timer[K]

func (t *timers[K]) push(at int64, id K) {
	h := append(*t, timer[K]{at, id})
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
func (t *timers[K]) due(now int64) (timer[K], bool) {
	h := *t
	if len(h) == 0 || h[0].at > now {
		return timer[K]{}, false
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

// sweep pops what is due, a bounded number; more says that there may be others.
func (t *timers[K]) sweep(now int64, look func(id K)) (more bool) {
	for range pruneBound {
		d, ok := t.due(now)
		if !ok {
			return false
		}
		look(d.id)
	}
	return true
}
