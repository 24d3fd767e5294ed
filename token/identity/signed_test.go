package identity

import (
	"strconv"
	"testing"
	"time"
)

func TestATokensNameIsTakenOnceForAsLongAsItMayBeGood(t *testing.T) {
	u := used{most: 1000}
	now := evening
	if u.take("a", now) != first || u.take("a", now) != again || u.take("b", now) != first {
		t.Error("not once each")
	}
	for range 11 { // minutes: longer than any token is good, by clocks that are a minute apart
		now = now.Add(time.Minute)
		if got := u.take("a", now); got != again {
			t.Fatalf("after %s: %d", now.Sub(evening), got)
		}
	}
	now = now.Add(2 * time.Minute)
	if u.take("c", now) != first || u.take("a", now) != again {
		t.Error("what is older is forgotten at once")
	}
	now = now.Add(13 * time.Minute)
	if u.take("d", now) != first || u.take("a", now) != first {
		t.Error("nothing is ever forgotten")
	}
}

func TestWhatIsRememberedOfTokensIsBounded(t *testing.T) {
	u := used{most: 10}
	for i := range 10 {
		if u.take(strconv.Itoa(i), evening) != first {
			t.Fatal(i)
		}
	}
	if u.take("more", evening) != full {
		t.Error("one more than there is room for is taken, and could be taken again")
	}
	if u.take("3", evening) != again {
		t.Error("what was remembered is forgotten when it is full")
	}
}
