package main

import (
	"waitroom/config"
	"waitroom/proxy/limits"
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
