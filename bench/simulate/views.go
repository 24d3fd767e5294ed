package simulate

import (
	"sort"
	"time"

	"waitroom/queue"
)

// views are what a gateway has read of the line, for the last two minutes.
type views struct {
	now   *queue.View
	past  []*queue.View // the newest last
	knots *queue.Knots
	known map[int64]int // where the knots' places are in the line
}

// kept is how long views are kept: longer than the longest pause between polls.
const kept = queue.PollFar + 2*second

// refresh reads the line, as the Redis engine does: a map of ranks, and the counts.
func (s *views) refresh(l *line, now int64) {
	v := &queue.View{
		At: now, Epoch: "simulated", Front: l.front, Last: l.last, Due: int64(l.pace.Due),
		Waiting: l.waiting(), Called: l.called, Arrivals: l.arrivals, Calls: l.calls, Entries: l.entries,
		Interval: l.pace.Interval, Ratio: l.pace.Ratio, Control: l.control, Rules: l.rules,
	}
	if !l.control.RateSet.Live() {
		v.Control.RatePerHour = l.rules.RatePerHour
	}
	if l.hidden == 0 { // before a draw there is no order, and none is shown
		s.knots = s.knots.Next(s.read(l))
		v.Ranks = s.knots
	}
	s.now = v.After(s.now, time.Time{}, time.Time{})
	if n := len(s.past); n > 0 && now-s.past[n/2].At > kept {
		s.past = append([]*queue.View(nil), s.past[n/2:]...)
	}
	s.past = append(s.past, s.now)
}

// read is what the next map of ranks is made from.
func (s *views) read(l *line) queue.Read {
	r := queue.Read{Front: l.front, Last: l.last, Waiting: l.waiting()}
	known := make(map[int64]int, len(s.known))
	for _, place := range s.knots.Keep() {
		index, ok := s.known[place]
		if !ok {
			index = sort.Search(len(l.places), func(i int) bool { return l.places[i] >= place })
		}
		known[place] = index
		r.Kept = append(r.Kept, queue.Knot{Place: place, Rank: max(0, int64(index-l.head))})
	}
	for rank := range min(queue.DenseRanks, int(r.Waiting)) {
		r.Dense = append(r.Dense, s.knot(l, int64(rank)))
	}
	for _, rank := range queue.SampleRanks(r.Waiting) {
		r.Samples = append(r.Samples, s.knot(l, rank))
	}
	s.known = known
	return r
}

func (s *views) knot(l *line, rank int64) queue.Knot {
	return queue.Knot{Place: l.places[l.head+int(rank)], Rank: rank}
}

// at is the view that was read last at a time.
func (s *views) at(now int64) *queue.View {
	i := sort.Search(len(s.past), func(i int) bool { return s.past[i].At > now })
	return s.past[max(0, i-1)]
}

// sleep is the length of the pause in which a visitor is at a place who asks as told:
// the longest that an answer of the past would have made last until now.
func (s *views) sleep(place, now int64) int64 {
	for age := int64(queue.PollFar); age > queue.PollNear/2; age -= max(second/8, age/16) {
		at := now - age
		if at < s.past[0].At {
			continue
		}
		v := s.at(at)
		if pause := v.Standing(place, 0, at, 0.5).NextPoll.Microseconds(); pause >= age {
			return age
		}
	}
	return queue.PollNear / 2
}
