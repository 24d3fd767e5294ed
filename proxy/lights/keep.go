package lights

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"waitroom/queue"
	"waitroom/token/identity/light"
)

const (
	// every is the pause between two trips to the store: a pause of a provider is seen within it.
	every = time.Second
	// tripTimeout bounds one trip.
	tripTimeout = time.Second
	// staleAfter is how long the store may be silent until lights are marked.
	staleAfter = 5 * time.Second
)

// Keep tells the store what was counted and reads what all did, once a second, until the context ends. It blocks.
func (b *Board) Keep(ctx context.Context) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		b.Exchange(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-b.again:
		}
	}
}

// Exchange makes one trip to the store, as Keep does once a second. Without providers there is none.
func (b *Board) Exchange(ctx context.Context) {
	b.trip.Lock()
	defer b.trip.Unlock()
	told, flows, ask := b.tell()
	if len(told) == 0 {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, tripTimeout)
	answer, err := b.store.Tally(bounded, told, ask)
	cancel()
	if ctx.Err() != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.missed(err)
		return
	}
	if b.away {
		b.log.Info("the store takes the counts of identity providers again")
	}
	b.away, b.read = false, time.Now()
	b.take(flows, told, answer)
	b.show()
}

// tell takes what was counted since the last trip. It will not be told again, whatever becomes of the trip.
func (b *Board) tell() (told []queue.Counted, flows []*flow, ask queue.Ask) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read.IsZero() {
		b.read = time.Now()
	}
	for _, f := range b.order {
		f.fresh[light.Seconds].Add(1)
		f.fresh[light.Waiting].Add(max(0, f.waiting.Load()))
		if f.idle++; f.fresh[light.Asked].Load()+f.fresh[light.Busy].Load() > 0 {
			f.idle = 0
		}
		if f.givenUp() {
			f.fresh[light.Open].Add(1)
		}
		c := queue.Counted{Name: f.name, Counts: make([]int64, light.Counts), Switch: f.paused}
		for i := range c.Counts {
			c.Counts[i] = f.fresh[i].Swap(0)
		}
		if f.folded > f.noted {
			c.Slot, c.State = f.folded, f.state.Pack()
		}
		told = append(told, c)
	}
	return told, slices.Clone(b.order), queue.Ask{Length: light.SlotLength, After: b.slot, Most: light.Remembered}
}

// missed notes that the store did not answer.
func (b *Board) missed(err error) {
	if !b.away && time.Since(b.read) > staleAfter {
		b.away = true
		b.log.Error("the store does not take the counts of identity providers: their lights stay as they were", zap.Error(err))
	}
	b.show()
}

// take goes by what the store answered to what it was told of the flows.
func (b *Board) take(flows []*flow, told []queue.Counted, answer queue.Tallied) {
	over := light.SlotOf(answer.Now) - 1
	if over < b.slot {
		// The store's clock went back: what is known of later slots is of no use.
		for _, f := range b.order {
			f.slots, f.folded, f.noted = nil, 0, 0
		}
	}
	for i, f := range flows {
		f.noted = max(f.noted, told[i].Slot)
		f.take(answer.Names[i], over, answer.Now)
	}
	b.slot, b.now = over, answer.Now
}

func (f *flow) take(read queue.TalliedName, over, now int64) {
	f.paused = read.Switch
	for _, s := range read.Slots {
		if s.Number <= f.folded {
			continue
		}
		slot := light.Slot{Number: s.Number, State: s.State}
		copy(slot.Counts[:], s.Counts)
		f.slots = append(f.slots, slot)
	}
	if over <= f.folded {
		return
	}
	f.slots = slices.DeleteFunc(f.slots, func(s light.Slot) bool { return s.Number <= over-light.Remembered })
	f.state, f.folded = light.Of(f.slots, now), over
	if n := len(f.slots); n > 0 && f.slots[n-1].Number == over {
		f.slots[n-1].State = f.state.Pack()
	} else {
		f.slots = append(f.slots, light.Slot{Number: over, State: f.state.Pack()})
	}
}
