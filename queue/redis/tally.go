package redis

import (
	"context"
	_ "embed"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"waitroom/queue"
)

//go:embed lua/tally.lua
var tallyLua string

//go:embed lua/switch.lua
var switchLua string

// Tallies are what all gateways count together. They implement queue.Tallying.
type Tallies struct {
	store         *Store
	keys          []string
	tally, toggle *redis.Script
}

// Tallies are those of all gateways of this store.
func (s *Store) Tallies() *Tallies {
	// No room can be called so: the key shares its hash slot with the slots that are kept beside it, and with no room.
	return &Tallies{s, []string{s.prefix + ":{_tallies}"}, redis.NewScript(tallyLua), redis.NewScript(switchLua)}
}

// Tally implements queue.Tallying.
func (t *Tallies) Tally(ctx context.Context, told []queue.Counted, ask queue.Ask) (queue.Tallied, error) {
	ctx, cancel := context.WithTimeout(ctx, t.store.trip)
	defer cancel()
	width := 0
	if len(told) > 0 {
		width = len(told[0].Counts)
	}
	args := make([]any, 0, 5+5*len(told))
	args = append(args, ask.Length, ask.After, ask.Most, width, t.store.at())
	for i := range told {
		c := &told[i]
		if len(c.Counts) != width {
			panic("BUG: names with different counts")
		}
		args = append(args, c.Name, appendDoubles(nil, c.Counts...), c.Slot, c.State, switched(c.Switch))
	}
	answer, err := t.tally.Run(ctx, t.store.client, t.keys, args...).Slice()
	if err == nil && len(answer) != 1+2*len(told) {
		err = errShape
	}
	if err != nil {
		return queue.Tallied{}, away("tally", err)
	}
	now, _ := answer[0].(string)
	if len(now) != 8 {
		return queue.Tallied{}, away("tally", errShape)
	}
	found := queue.Tallied{Now: int64(double(now, 0))}
	for i := range told {
		name, err := tallied(answer[1+2*i], answer[2+2*i], width)
		if err != nil {
			return queue.Tallied{}, away("tally", err)
		}
		found.Names = append(found.Names, name)
	}
	return found, nil
}

// tallied reads one name of an answer.
func tallied(toggle, packed any, width int) (n queue.TalliedName, err error) {
	text, _ := toggle.(string)
	slots, ok := packed.(string)
	if !ok || len(slots)%(8*(2+width)) != 0 {
		return n, errShape
	}
	n.Switch = readSwitch(text)
	for at := 0; at < len(slots)/8; at += 2 + width {
		s := queue.TalliedSlot{Number: int64(double(slots, at)), State: int64(double(slots, at+1)), Counts: make([]int64, width)}
		for i := range s.Counts {
			s.Counts[i] = int64(double(slots, at+2+i))
		}
		n.Slots = append(n.Slots, s)
	}
	return n, nil
}

// Switch implements queue.Tallying.
func (t *Tallies) Switch(ctx context.Context, name string, on bool, by string) (queue.Switch, error) {
	ctx, cancel := context.WithTimeout(ctx, t.store.trip)
	defer cancel()
	answer, err := t.toggle.Run(ctx, t.store.client, t.keys, name, bit(on), by, t.store.at()).Text()
	if err != nil {
		return queue.Switch{}, away("switch", err)
	}
	return readSwitch(answer), nil
}

// switched is a switch as the scripts have it; "" for one that was never set.
func switched(s queue.Switch) string {
	if !s.Live() {
		return ""
	}
	return bit(s.On) + " " + strconv.FormatInt(s.At, 10) + " " + s.By
}

// readSwitch reads one; what is none was never set.
func readSwitch(text string) queue.Switch {
	parts := strings.SplitN(text, " ", 3)
	if len(parts) != 3 {
		return queue.Switch{}
	}
	return queue.Switch{On: parts[0] == "1", Setting: queue.Setting{At: whole(parts[1]), By: parts[2]}}
}
