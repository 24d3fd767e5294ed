package queue_test

import (
	"testing"

	"waitroom/queue"
)

func TestAReportIsJudgedByWhatWasSeenBefore(t *testing.T) {
	const now, second = int64(1_000_000_000), int64(1_000_000)
	was := queue.Lineage{Gen: 5, Parent: 41, Since: now - 60*second, Before: now - 120*second}
	young := queue.Lineage{Gen: 5, Parent: 41, Since: now - 10*second, Before: now - 70*second}
	both := queue.Lineage{Gen: 5, Parent: 41, Since: now - 5*second, Before: now - 10*second}
	jumped := queue.Lineage{Gen: 5, Parent: 41, Since: now - 5*second, Before: now - 5*second}
	proved := queue.Lineage{Gen: 6, Since: now - 60*second, Before: now - 60*second, Floor: 7}
	moved := func(gen int64, parent uint32, before int64) queue.Lineage {
		return queue.Lineage{Gen: gen, Parent: parent, Since: now, Before: before}
	}
	floored := func(floor int64) queue.Lineage {
		return queue.Lineage{Gen: floor - 1, Since: now, Before: now, Floor: floor}
	}
	above := moved(7, 0, proved.Since)
	above.Floor = 7
	for _, c := range []struct {
		why  string
		was  queue.Lineage
		s    queue.Shown
		want queue.Lineage
		fork bool
	}{
		{"the first report", queue.Lineage{}, queue.Shown{Gen: 9, Parent: 3, Grand: 2}, moved(9, 3, now), false},
		{"a successor", was, queue.Shown{Gen: 6, Parent: 51, Grand: 41}, moved(6, 51, was.Since), false},
		{"of a sibling of which nothing was heard", was, queue.Shown{Gen: 6, Parent: 52, Grand: 41}, moved(6, 52, was.Since), false},
		{"the same again, or a sibling", was, queue.Shown{Gen: 5, Parent: 41, Grand: 31}, was, false},
		{"reports were lost", was, queue.Shown{Gen: 7, Parent: 61, Grand: 51}, moved(7, 61, now), false},
		{"the parent, still on its way", young, queue.Shown{Gen: 4, Parent: 31}, young, false},
		{"the parent, where generations come fast", both, queue.Shown{Gen: 4, Parent: 31}, both, false},
		{"the parent's parent, where generations come fast", both, queue.Shown{Gen: 3, Parent: 21, Keyed: true}, floored(7), true},
		{"far behind, where reports were lost", jumped, queue.Shown{Gen: 2, Parent: 11}, jumped, false},
		{"far behind, long after reports were lost", queue.Lineage{Gen: 5, Parent: 41, Since: 1, Before: 1}, queue.Shown{Gen: 2, Parent: 11, Keyed: true}, floored(7), true},
		{"the parent, long after", was, queue.Shown{Gen: 4, Parent: 31, Keyed: true}, floored(7), true},
		{"the parent's parent, long after", young, queue.Shown{Gen: 3, Parent: 21, Keyed: true}, floored(7), true},
		{"another parent", was, queue.Shown{Gen: 5, Parent: 42, Grand: 31, Keyed: true}, floored(7), true},
		{"another parent's parent", was, queue.Shown{Gen: 6, Parent: 52, Grand: 42, Keyed: true}, floored(8), true},
		{"below the floor", proved, queue.Shown{Gen: 6, Parent: 52, Grand: 42, Keyed: true}, proved, false},
		{"after a proof", proved, queue.Shown{Gen: 7, Keyed: true}, above, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			next, fork := c.was.See(c.s, now)
			if next != c.want || fork != c.fork {
				t.Errorf("got %+v, %t\nwant %+v, %t", next, fork, c.want, c.fork)
			}
			if again, fork := next.See(c.s, now+second); again != next || fork {
				t.Errorf("repeated it gives %+v, %t\nwant %+v", again, fork, next)
			}
		})
	}
}

func TestWhereNobodyCouldProveAForkLocksNobodyOutAndIsToldOnce(t *testing.T) {
	l := queue.Lineage{Gen: 5, Parent: 41, Since: 1, Before: 1}
	told := 0
	for now := int64(1); now < 10; now++ {
		for _, parent := range []uint32{41, 42} {
			next, fork := l.See(queue.Shown{Gen: 5, Parent: parent}, now)
			if l = next; fork {
				told++
			}
		}
	}
	if l.Floor != 0 || told != 1 {
		t.Errorf("told %d times, floor %d", told, l.Floor)
	}
}
