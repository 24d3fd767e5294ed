package provider_test

import (
	"testing"

	"waitroom/bench/provider"
)

func TestPersonsFollowFromTheirNumbers(t *testing.T) {
	names := map[string]int{}
	days := map[int]bool{}
	for n := range 5000 {
		p := provider.Person{Number: n}
		if born := p.Born(); born.Day()%10 != n%10 || born != (provider.Person{Number: n}).Born() || born.Year() > 2004 {
			t.Fatalf("%d was born on %s", n, born)
		}
		days[p.Born().Day()] = true
		for _, name := range []string{p.CI(), p.Name(), p.Subject("https://one.example"), p.Subject("https://two.example")} {
			if other, taken := names[name]; taken {
				t.Fatalf("%d and %d are both %s", n, other, name)
			}
			names[name] = n
		}
		if len(p.CI()) != 88 {
			t.Fatalf("the CI of %d has %d characters", n, len(p.CI()))
		}
	}
	if len(days) != 30 {
		t.Errorf("born on %d days of the month", len(days))
	}
}
