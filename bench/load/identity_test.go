package load

import (
	"errors"
	"math"
	"testing"
)

func TestSecondDevicesAreSomebodyWhoCameBeforeAndTheOthersAreThemselves(t *testing.T) {
	const n = 20_000
	p, err := Plan{Target: "http://127.0.0.1:1", Visitors: n, Identity: &Identity{Providers: []Share{{"a", 0.75}, {"b", 0.25}}, Second: 0.3, OtherDay: 0.2, Digit: 7}}.filled()
	if err != nil {
		t.Fatal(err)
	}
	seen, second, other, atA := map[int]bool{}, 0, 0, 0
	for i := range n {
		v := p.verifyingOf(i)
		if again := p.verifyingOf(i); again.person != v.person || again.favourite != v.favourite {
			t.Fatalf("visitor %d is somebody else the second time", i)
		}
		if v.person/10 > i {
			t.Fatalf("visitor %d is %d, who has not come yet", i, v.person)
		}
		if seen[v.person] {
			second++
		}
		if v.person/10 != i && !seen[v.person] {
			t.Fatalf("visitor %d is %d, who never came", i, v.person)
		}
		seen[v.person] = true
		if v.person%10 != 7 {
			other++
		}
		if v.favourite == 0 {
			atA++
		}
	}
	f := func(what string, got int, want float64) {
		t.Helper()
		if math.Abs(float64(got)/n-want) > 0.02 {
			t.Errorf("%s: %d of %d, want %.0f %%", what, got, n, want*100)
		}
	}
	f("second devices", second, 0.3)
	f("of another day", other, 0.2)
	f("favour a", atA, 0.75)
}

func TestAnImpossibleIdentityIsToldSo(t *testing.T) {
	f := func(id Identity) {
		t.Helper()
		if _, err := (Plan{Target: "http://127.0.0.1:1", Identity: &id}).filled(); !errors.Is(err, ErrImpossible) {
			t.Errorf("%+v: %v", id, err)
		}
	}
	one := []Share{{"a", 1}}
	f(Identity{})
	f(Identity{Providers: []Share{{"a", 0}}})
	f(Identity{Providers: []Share{{"", 1}}})
	f(Identity{Providers: []Share{{"a b", 1}}})
	f(Identity{Providers: []Share{{"a", 1.5}}})
	f(Identity{Providers: make([]Share, 17)})
	f(Identity{Providers: one, Second: 2})
	f(Identity{Providers: one, OtherDay: -1})
	f(Identity{Providers: one, Digit: 10})
	f(Identity{Providers: one, Takes: -1})
	f(Identity{Providers: one, Stubborn: math.NaN()})
}

func TestPeopleTakeTheirProviderWhileItFlowsAndElseTheFirst(t *testing.T) {
	offered := []offer{{Name: "naver", Light: "smooth"}, {Name: "pass", Light: "delayed"}, {Name: "kakao", Light: "congested"}, {Name: "mobile", Light: "smooth", Paused: true}}
	f := func(favourite string, id verifying, want string) {
		t.Helper()
		if got := taken(offered, favourite, &id); got != want {
			t.Errorf("who favours %s, %+v, takes %s, not %s", favourite, id, got, want)
		}
	}
	f("naver", verifying{}, "naver")
	f("pass", verifying{}, "pass")
	f("kakao", verifying{}, "naver")
	f("mobile", verifying{}, "naver")
	f("google", verifying{}, "naver")
	f("pass", verifying{tries: 1}, "naver")
	f("kakao", verifying{stubborn: true, tries: 3}, "kakao")
	f("mobile", verifying{stubborn: true}, "naver")
}

func TestAChangeOfALightIsNotedOnce(t *testing.T) {
	var i verified
	smooth := []offer{{Name: "a", Light: "smooth"}, {Name: "b", Light: "smooth"}}
	i.lit(smooth, 0)
	i.lit([]offer{{Name: "b", Light: "smooth"}, {Name: "a", Light: "down"}}, 1e9)
	i.lit([]offer{{Name: "b", Light: "smooth"}, {Name: "a", Light: "down"}}, 2e9)
	i.lit(smooth, 3e9)
	if len(i.changes) != 2 || i.changes[0].Provider != "a" || i.changes[0].Light != "down" || i.changes[0].Order[0] != "b" || i.changes[1].Seconds != 3 {
		t.Errorf("%+v", i.changes)
	}
}
