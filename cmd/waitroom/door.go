package main

import (
	"waitroom/config"
	"waitroom/proxy/limits"
	"waitroom/proxy/limits/altcha"
	"waitroom/proxy/waiting"
)

// door is what bounds new places in a room, and bad requests. What was counted stays when a
// changed configuration makes a new one.
func (g *gateway) door(c *config.Config, from *config.Room) *limits.Door {
	return &limits.Door{
		Table: g.counted, Room: from.Name,
		PerDevice: limits.Limit(from.Limits.JoinsPerDevice), PerAddress: limits.Limit(from.Limits.JoinsPerAddress),
		PerNetwork:    limits.Limit(from.Limits.JoinsPerNetwork),
		BadPerAddress: limits.Limit(c.Limits.BadRequestsPerAddress), BadPerNetwork: limits.Limit(c.Limits.BadRequestsPerNetwork),
	}
}

// work is the proof of work that a room asks for; nil for none.
func (g *gateway) work(from *config.Room) *waiting.Work {
	w := from.Limits.ProofOfWork
	if w.Mode == config.WorkOff {
		return nil
	}
	return &waiting.Work{Always: w.Mode == config.WorkAlways, Puzzles: &altcha.Puzzles{
		Key: g.keys.Keys().WorkKey(), Room: from.Name, Cost: w.Cost, Digits: w.Digits, Life: w.Life,
	}}
}
