package queue

// Shown is the generation of a pass that a gateway was shown, as it is reported.
//
// A pass rotates: from time to time an answer carries its successor, one generation on
// and with a random tag of its own. Parallel requests and lost answers make several
// successors of one pass: siblings, each as good as the other, of which a browser goes on
// with one. So a report needs no tag of its own, only those of its parent and of its
// parent's parent: they say whether what was shown can descend from what was seen before.
type Shown struct {
	// Gen is the number of the generation; 0 is the pass that entering gave.
	Gen int64
	// Parent is the tag of the pass that this one succeeds, Grand that of the one before;
	// 0 for a pass that succeeds none, as entering and proving give it.
	Parent, Grand uint32
	// Keyed says that the pass is bound to a device's key, so that its holder can prove
	// which of two copies is the device's.
	Keyed bool
}

// Lineage is what the store knows of the generations of one pass. The zero value knows
// nothing. Times are microseconds of the store's clock.
type Lineage struct {
	// Gen is the newest generation that was reported, Parent the tag that it descends
	// from, and Since when it was first reported; Before is that of the one before.
	Gen           int64
	Parent        uint32
	Since, Before int64
	// Floor is the generation from which on passes are good; 0 is from the first.
	Floor int64
	// Forked says that a pass without a key was seen in two lineages, and that this was told.
	Forked bool
}

// Grace is how long an older generation is good beside a newer one: requests that were
// sent before the newer one arrived may still be on their way. In microseconds.
const Grace = 15 * second

// See takes a report at now, and gives what is known then. Fork says that two copies of
// the pass are in use, and that nobody was told of it yet. Where the pass is keyed, all
// that was given of it is below the new floor: only a proof by the key gives a pass that
// is not. Without a key nobody could prove anything: then nobody is locked out.
//
// Repeating a report changes nothing. One that is more than one generation ahead tells
// that reports were lost; it is believed.
func (l Lineage) See(s Shown, now int64) (next Lineage, fork bool) {
	switch {
	case s.Gen < l.Floor:
		return l, false
	case l.Since == 0, s.Gen > l.Gen+1, s.Gen == l.Gen+1 && s.Grand == l.Parent:
		l.Before = l.Since
		if l.Since == 0 || s.Gen > l.Gen+1 {
			l.Before = now
		}
		l.Gen, l.Parent, l.Since = s.Gen, s.Parent, now
		return l, false
	case s.Gen == l.Gen && s.Parent == l.Parent,
		s.Gen < l.Gen && (s.Gen == l.Gen-1 || l.jumped()) && now-l.Since <= Grace:
		return l, false
	}
	return l.forked(s, now)
}

// jumped says that the newest generation is not known to have followed the one before it: then
// those between were lost, or are not reported yet. Otherwise a pass two generations behind is no
// request that was on its way, however fast the generations come.
func (l Lineage) jumped() bool { return l.Before == l.Since }

// forked is what is known after a second lineage was seen.
func (l Lineage) forked(s Shown, now int64) (Lineage, bool) {
	if s.Keyed {
		// One generation above the newest may have been given already.
		l.Floor = max(l.Gen, s.Gen) + 2
		l.Gen, l.Parent, l.Since, l.Before = l.Floor-1, 0, now, now
		return l, true
	}
	told := l.Forked
	l.Forked = true
	if s.Gen >= l.Gen {
		l.Gen, l.Parent, l.Since, l.Before = s.Gen, s.Parent, now, now
	}
	return l, !told
}
