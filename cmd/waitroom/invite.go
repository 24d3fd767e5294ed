package main

import (
	"bufio"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"waitroom/config"
	"waitroom/token"
)

// maxInvitations is how many codes one command makes at most.
const maxInvitations = 1_000_000

func inviteCommand() *cobra.Command {
	var file, group, number, until string
	cmd := &cobra.Command{
		Use:   "invite ROOM",
		Short: "Make codes that invite to a group of a room",
		Long: `Make invitation codes, one on a line. Who shows one when verified belongs to that
group of the room; the group has to have invitations: true. Each code is good for
one person, in this room only, until it is over: when the last window of the room
has passed, or at --until, which is written with its zone, or as clocks in
eligibility.zone show it.

The codes are signed with the keys in keys.dir. Nothing is kept of them: whoever
needs to know who was sent which has to write that down. They are secrets.`,
		Example: `  waitroom invite booking --group priority --count 5,000 > codes.txt
  waitroom invite booking --group priority --until 2021-09-18T18:00`,
		Args: takes("ROOM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			count, ok := parseCount(number)
			if !ok || count < 1 || count > maxInvitations {
				return misused(cmd, "--count is %q and has to be a number from 1 to 1,000,000", number)
			}
			if group == "" {
				return misused(cmd, "--group is missing: name one under eligibility.groups of the room %s", args[0])
			}
			c, err := load(cmd, file)
			if err != nil {
				return err
			}
			room, err := invited(c, args[0], group)
			if err != nil {
				return err
			}
			end, err := invitedUntil(room, until)
			if err != nil {
				return misused(cmd, "--until: %v", err)
			}
			if end <= time.Now().UnixMicro() {
				return fmt.Errorf("the codes would be over already; say --until when they are good, within the windows of the room %s", room.Name)
			}
			keys, err := token.OpenKeys(c.Keys.Path())
			if err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			for range count {
				i := token.NewInvitation(group, end)
				_, _ = out.Write(append(keys.AppendInvitation(nil, room.Name, &i), '\n')) // Flush tells
			}
			return out.Flush()
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&group, "group", "", "the group that the codes invite to")
	cmd.Flags().StringVar(&number, "count", "1", "how many codes")
	cmd.Flags().StringVar(&until, "until", "", "when the codes are over (default: with the room's last window)")
	return cmd
}

// invited is a room with a group to which codes can invite.
func invited(c *config.Config, name, group string) (*config.Room, error) {
	i := slices.IndexFunc(c.Rooms, func(r config.Room) bool { return r.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no room %s in the configuration", name)
	}
	room := &c.Rooms[i]
	for _, g := range room.Eligibility.Groups {
		if g.Name == group && g.Invitations {
			return room, nil
		}
		if g.Name == group {
			return nil, fmt.Errorf("the group %s takes no invitations: write `invitations: true` in it", group)
		}
	}
	return nil, fmt.Errorf("the room %s has no group %s under eligibility.groups", name, group)
}

// invitedUntil is when codes are over, in microseconds: at a time that was asked for, or when the room closes for good.
func invitedUntil(room *config.Room, text string) (int64, error) {
	s, err := eligibility(room)
	if err != nil {
		return 0, err
	}
	_, last := s.Opening(math.MaxInt64)
	if text == "" {
		if s == nil {
			return 0, fmt.Errorf("the room %s has no windows: say when the codes are over", room.Name)
		}
		return last, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.ParseInLocation("2006-01-02T15:04", text, s.Zone())
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not a time such as 2021-09-18T18:00", text)
	}
	if at.Before(time.Unix(1, 0)) || at.Year() > 2199 {
		return 0, fmt.Errorf("%q is of another time", text)
	}
	return at.UnixMicro(), nil
}
