package memory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"waitroom/queue"
)

// Tallies are what this process counts. They implement queue.Tallying: counts live as long as the process, switches are kept in a
// file of the store's folder.
type Tallies struct {
	now  func() int64
	file string

	mu       sync.Mutex
	slots    map[string][]queue.TalliedSlot // in order
	switches map[string]queue.Switch
}

// Tallies opens the store's tallies, with the switches that were set before.
func (s *Store) Tallies() (*Tallies, error) {
	t := &Tallies{now: s.now, file: filepath.Join(s.dir, "switches.json"), slots: map[string][]queue.TalliedSlot{}, switches: map[string]queue.Switch{}}
	text, err := os.ReadFile(t.file)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &t.switches)
	}
	if err != nil {
		return nil, fmt.Errorf("read what operators have set: %s: %w; mend it, or move it away", t.file, err)
	}
	return t, nil
}

// Tally implements queue.Tallying.
func (t *Tallies) Tally(_ context.Context, told []queue.Counted, ask queue.Ask) (queue.Tallied, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	answer := queue.Tallied{Now: t.now()}
	current := answer.Now / ask.Length
	after := ask.After
	if after >= current {
		after = 0 // the clock went back
	}
	after = max(after, current-ask.Most-1)
	for i := range told {
		c := &told[i]
		t.add(c, current)
		name := queue.TalliedName{Switch: t.switches[c.Name]}
		kept := t.slots[c.Name][:0]
		for _, s := range t.slots[c.Name] {
			if s.Number == c.Slot && s.State == 0 && s.Number < current {
				s.State = c.State
			}
			if s.Number >= current-ask.Most {
				kept = append(kept, s)
			}
			if s.Number > after && s.Number < current {
				s.Counts = append([]int64(nil), s.Counts...)
				name.Slots = append(name.Slots, s)
			}
		}
		t.slots[c.Name] = kept
		answer.Names = append(answer.Names, name)
	}
	return answer, nil
}

// add adds counts to the slot that is on. Slots that a clock which went back has left in its future go.
func (t *Tallies) add(c *queue.Counted, current int64) {
	slots := t.slots[c.Name]
	for len(slots) > 0 && slots[len(slots)-1].Number > current {
		slots = slots[:len(slots)-1]
	}
	if n := len(slots); n == 0 || slots[n-1].Number < current {
		slots = append(slots, queue.TalliedSlot{Number: current, Counts: make([]int64, len(c.Counts))})
	}
	for i, n := range c.Counts {
		slots[len(slots)-1].Counts[i] += n
	}
	t.slots[c.Name] = slots
}

// Switch implements queue.Tallying.
func (t *Tallies) Switch(_ context.Context, name string, on bool, by string) (queue.Switch, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := maps.Clone(t.switches)
	next[name] = queue.Switch{On: on, Setting: queue.Setting{By: by, At: t.now()}}
	if err := replace(t.file, next); err != nil {
		return queue.Switch{}, fmt.Errorf("keep what was set: %w: %w", queue.ErrAway, err)
	}
	t.switches = next
	return next[name], nil
}

// replace writes a file as a whole or not at all, and returns when it is on the disk.
func replace(file string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err == nil {
		err = syncDir(filepath.Dir(file))
	}
	return err
}
