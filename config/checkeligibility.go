package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	maxGroups = 16   // that tickets have room for
	maxSpans  = 1000 // that the windows of a room make, one for each date
)

// eligibility checks a room's groups and windows.
func (r *reader) eligibility(room string, of Room) {
	at, e := room+".eligibility", of.Eligibility
	if !r.has(at) {
		return
	}
	r.zone(at, e)
	groups := r.groups(at+".groups", e)
	spans := 0
	if r.has(at+".windows") && r.sound(at+".windows") {
		r.amount(at+".windows", len(e.Windows))
	}
	for i, w := range e.Windows {
		entry := fmt.Sprintf("%s.windows[%d]", at, i)
		if !r.has(entry) || !r.has(entry+".kind") && !r.sound(entry) {
			continue // not a set of keys
		}
		r.window(entry, w, groups)
		if w.Kind != WindowEveryone && of.Identity != IdentityRequired && r.sound(entry+".kind", room+".identity") {
			r.report(entry+".kind", "`windows.kind` is "+w.Kind+", and nobody knows whom it is for: `identity` of this room is off", "write `identity: required`")
		}
		spans += max(1, w.days())
	}
	if spans > maxSpans {
		r.report(at+".windows", fmt.Sprintf("`eligibility.windows` has %s spans, where a window on dates has one a day", Count(spans)), fmt.Sprintf("write at most %s", Count(maxSpans)))
	}
	if len(e.Windows) == 0 && r.sound(at+".windows", at+".quota") && e.Quota > 0 {
		r.report(at+".quota", "`eligibility.quota` counts the entries of an opening, and there are no `windows`", "write them")
	}
}

func (r *reader) zone(at string, e Eligibility) {
	path := at + ".zone"
	if !r.sound(path) {
		return
	}
	if e.Zone == "" {
		if len(e.Windows) > 0 {
			r.report(path, "`eligibility` has no `zone`, and its local times are those of no place", "write one such as Asia/Seoul")
		}
		return
	}
	if _, err := time.LoadLocation(e.Zone); err != nil || e.Zone == "Local" {
		r.report(path, "`eligibility.zone`: "+quote(e.Zone)+" is not a zone", "write a name of the IANA database such as Asia/Seoul")
	}
}

// groups checks the groups, and gives their names.
func (r *reader) groups(path string, e Eligibility) []string {
	if r.has(path) && r.sound(path) {
		r.amount(path, len(e.Groups))
	}
	if len(e.Groups) > maxGroups {
		r.report(path, fmt.Sprintf("`eligibility.groups` has %d entries", len(e.Groups)), fmt.Sprintf("write at most %d", maxGroups))
	}
	var names []string
	for i, g := range e.Groups {
		entry := fmt.Sprintf("%s[%d]", path, i)
		if !r.has(entry+".name") && !r.sound(entry) {
			continue // not a set of keys
		}
		r.groupName(entry+".name", g.Name, names)
		names = append(names, g.Name)
		used := func(w Window) bool { return w.Kind == WindowGroup && w.Group == g.Name }
		switch {
		case !r.sound(entry+".claim", entry+".in", entry+".invitations"):
		case g.Claim == "" && !g.Invitations:
			r.report(entry, "the group has no members", "write `claim` and `in`, or `invitations: true`")
		case g.Claim == "" && len(g.In) > 0:
			r.report(entry+".in", "`in` are the values of a claim, and the group has no `claim`", "write the name of one that the identity providers give")
		case g.Claim != "" && len(g.In) == 0:
			r.report(entry+".claim", "the group has a `claim`, and not `in` which values of it make a member", "write them such as in: [\"y\"]")
		case g.Claim != "" && (len(g.Claim) > maxClaim || !plainText(g.Claim)):
			r.report(entry+".claim", "`groups.claim`: "+quote(g.Claim)+" is not the name of a claim", "write one such as priority_group")
		case g.Name != "" && r.sound(path, entry+".name") && len(e.Windows) > 0 && !slices.ContainsFunc(e.Windows, used):
			r.report(entry, "no window is for the group "+g.Name, "write one of `kind: group`, or remove the group")
		}
		if len(g.In) > maxEntries {
			r.amount(entry+".in", len(g.In))
		}
	}
	return names
}

func (r *reader) groupName(path, name string, before []string) {
	switch {
	case !r.sound(path):
	case !r.has(path):
		r.report(path, "the group has no `name`", "write one of lower-case letters, digits and `-`, such as priority")
	case !roomName(name):
		r.report(path, "`groups.name`: "+quote(name)+" is not possible", "write 1 to 32 lower-case letters, digits and `-`, a letter or digit first")
	case slices.Contains(before, name):
		r.report(path, "`groups.name`: there is another group "+name, "give each group a name of its own")
	}
}

// window checks one window.
func (r *reader) window(at string, w Window, groups []string) {
	if !r.has(at + ".kind") {
		r.report(at+".kind", "the window has no `kind`", "write rotation, everyone or group")
	}
	r.windowGroup(at+".group", w, groups)
	once := []string{at + ".from", at + ".until"}
	daily := []string{at + ".first", at + ".last", at + ".opens", at + ".closes"}
	given := func(paths []string) (n int) {
		for _, p := range paths {
			if r.has(p) {
				n++
			}
		}
		return n
	}
	switch {
	case !r.sound(append(daily, once...)...):
	case given(once) > 0 && given(daily) > 0:
		r.report(at, "the window has both `from` or `until` and dates", "write `from` and `until`, or `first`, `last`, `opens` and `closes`")
	case w.Kind == WindowRotation && given(once) > 0:
		r.report(at, "a rotation goes by dates", "write `first`, `last`, `opens` and `closes` in place of `from` and `until`")
	case given(once)+given(daily) == 0 && r.sound(at):
		r.report(at, "the window has no times", "write `first`, `last`, `opens` and `closes`, or, where it is no rotation, `from` and `until`")
	case given(once) == 1 || given(daily) > 0 && given(daily) < len(daily):
		r.lacking(append(once, daily...), given(once) == 1)
	case given(once) == 2 && !w.Until.Time.After(w.From.Time):
		r.report(at+".until", "`until` is not after `from`", "write a later time")
	case given(daily) > 0 && w.Last.Time.Before(w.First.Time):
		r.report(at+".last", "`last` is before `first`", "write a later date")
	}
}

// lacking reports which of the times that belong together are not there.
func (r *reader) lacking(paths []string, once bool) {
	of := paths[2:]
	if once {
		of = paths[:2]
	}
	for _, p := range of {
		if !r.has(p) {
			key := p[strings.LastIndexByte(p, '.')+1:]
			r.report(p[:strings.LastIndexByte(p, '.')], "the window has no `"+key+"`", "write it beside the others")
		}
	}
}

func (r *reader) windowGroup(path string, w Window, groups []string) {
	switch {
	case !r.sound(path):
	case w.Kind != WindowGroup && r.has(path):
		r.report(path, "`group` is set, and the window is not of kind group", "write `kind: group`, or remove it")
	case w.Kind != WindowGroup:
	case !r.has(path):
		r.report(path, "the window has no `group`", "write the name of one under `groups`")
	case !slices.Contains(groups, w.Group):
		mend := "write it under `groups`"
		if guess := nearest(w.Group, groups); guess != "" {
			mend = "did you mean " + guess + "?"
		}
		r.report(path, "there is no group "+quote(w.Group), mend)
	}
}

// days is how many dates the window is on; 0 where it is not on dates.
func (w Window) days() int {
	if w.First.Time.IsZero() || w.Last.Time.Before(w.First.Time) {
		return 0
	}
	return int(w.Last.Time.Sub(w.First.Time)/(24*time.Hour)) + 1
}
