package token

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestADrawIsWhatItsSecretSays(t *testing.T) {
	keys := testKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.StringMatching(`[a-z0-9-]{1,32}`).Draw(t, "room")
		opensAt := rapid.Int64Range(2, math.MaxInt64).Draw(t, "opens at")
		id := [12]byte(rapid.SliceOfN(rapid.Byte(), 12, 12).Draw(t, "id"))
		place := keys.DrawPlace(room, opensAt, id)
		if place < max(1, opensAt-3600*second) || place >= opensAt {
			t.Fatalf("place %d, opening %d", place, opensAt)
		}
		if again := DrawnPlace(keys.DrawSecret(room, opensAt), opensAt, id); again != place {
			t.Fatalf("drawn %d, recomputed %d", place, again)
		}
	})
}

func TestADrawReachesBothEndsAndNoFurther(t *testing.T) {
	f := func(sum [8]byte, opensAt, want int64) {
		t.Helper()
		if got := fraction(sum[:], opensAt); got != want {
			t.Fatalf("%x of %d is %d, want %d", sum, opensAt, got, want)
		}
	}
	lowest, highest := [8]byte{}, [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
	f(lowest, noon, noon-3600*second)
	f(highest, noon, noon-1)
	f(lowest, 2, 1)
	f(highest, 2, 1)
	f([8]byte{0x80}, 101, 51)
}

func TestADrawIsFairToAllTenths(t *testing.T) {
	keys := testKeys(t)
	const people = 20_000
	var tenths [10]int
	for i := range people {
		id := keys.TicketID("booking", []byte{byte(i), byte(i >> 8)})
		tenths[(keys.DrawPlace("booking", noon, id)-(noon-3600*second))*10/(3600*second)]++
	}
	for i, n := range tenths {
		// 2,000 are expected with a deviation of 42; the keys are fixed, so this passes always or never.
		if n < 1830 || n > 2170 {
			t.Fatalf("%d of %d are in tenth %d: %v", n, people, i, tenths)
		}
	}
}

func TestEachDrawHasItsOwnSecret(t *testing.T) {
	keys := testKeys(t)
	_, others := madeKeys(t)
	seen := map[[32]byte]bool{}
	f := func(keys *Keys, room string, opensAt int64) {
		t.Helper()
		secret := keys.DrawSecret(room, opensAt)
		if seen[secret] {
			t.Fatalf("room %q at %d has the secret of another draw", room, opensAt)
		}
		seen[secret] = true
	}
	f(keys, "booking", noon)
	f(keys, "booking", noon+1)
	f(keys, "booking-2", noon)
	f(others, "booking", noon)
}

func TestDrawsAreNotKeptWithoutEnd(t *testing.T) {
	keys := testKeys(t)
	first := keys.DrawPlace("booking", 1000, [12]byte{})
	for i := range int64(2 * maxDraws) {
		keys.DrawPlace("booking", 1000+i, [12]byte{})
	}
	if len(keys.draws.pools) > maxDraws {
		t.Fatalf("%d are kept", len(keys.draws.pools))
	}
	if again := keys.DrawPlace("booking", 1000, [12]byte{}); again != first {
		t.Fatalf("drawn %d, and then %d", first, again)
	}
}

func TestADrawWithoutAnOpeningIsABug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	testKeys(t).DrawPlace("booking", 0, [12]byte{})
}
