package attempts

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// Stage is what one attempt has to work with: the site, and a place for what it finds. It
// is a testing.TB, so that whatever takes one (gateway.Start, canary.Start, browser tabs)
// works here: Fatal makes the verdict unclear, Skip makes it 'not tried', Cleanup and
// TempDir end with the attempt. It may be used by many goroutines.
type Stage struct {
	*Site
	testing.TB
	attempt *Attempt

	mu      sync.Mutex
	tried   int
	found   []Finding
	wronged []Finding
	marks   map[string]watched
}

// Mark is a word that stands nowhere else. What carries it must not reach the backend.
func (s *Stage) Mark() string { return s.mark(s.attempt.ID) }

// Tried counts a variant that was tried.
func (s *Stage) Tried() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried++
}

// Through notes a variant that got through.
func (s *Stage) Through(f Finding) {
	f.Sent, f.Answer, f.Backend = clip(f.Sent), clip(f.Answer), clip(f.Backend)
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.found, func(have Finding) bool { return have.Variant == f.Variant })
	switch {
	case at < 0:
		s.found = append(s.found, f)
	case s.found[at].Backend == "": // the backend is the better witness
		s.found[at] = f
	}
}

// Wronged notes a variant in which somebody honest was refused, or lost a place.
func (s *Stage) Wronged(f Finding) {
	f.Sent, f.Answer, f.Backend = clip(f.Sent), clip(f.Answer), clip(f.Backend)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wronged = append(s.wronged, f)
}

// Check counts a variant, and notes it as got through where why is not empty.
func (s *Stage) Check(variant, sent string, a gateway.Answer, why string) {
	s.Tried()
	if why != "" {
		s.Through(Finding{Variant: variant, Sent: sent, Answer: said(a), Why: why})
	}
}

// Held judges a request that carried a mark: neither may it have reached the backend, nor
// may the backend's page be in the answer. The backend is asked again at the end of the
// run, for what arrives late.
func (s *Stage) Held(variant, mark, sent string, a gateway.Answer) {
	s.Tried()
	f := Finding{Variant: variant, Sent: sent, Answer: said(a)}
	s.watch(mark, f)
	if f.Why = s.strange(a.Status, a.Header.Get("Content-Type"), a.Body); f.Why != "" {
		s.Through(f)
	}
}

// watch has the backend asked for a mark, when the attempt ends and when the run does.
func (s *Stage) watch(mark string, f Finding) { s.watchAll(mark, f, false) }

// watchAll is watch; with bytes the mark may not be in anything that arrives, request or
// not.
func (s *Stage) watchAll(mark string, f Finding, bytes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks[mark] = watched{f, bytes}
}

// watched is what is noted where a mark is seen.
type watched struct {
	finding Finding
	bytes   bool
}

// unwatch ends watch: from now on the mark may come.
func (s *Stage) unwatch(mark string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.marks, mark)
}

// sweep looks for all marks among what the canary has seen.
func (s *Stage) sweep(seen map[string]canary.Sighting) {
	s.mu.Lock()
	marks := maps.Clone(s.marks)
	s.mu.Unlock()
	for mark, w := range marks {
		sighting, ok := seen[mark]
		switch f := w.finding; {
		case !ok:
		case sighting.Visit != nil:
			f.Why, f.Backend = "the backend saw it", fmt.Sprint(sighting.Visit, "\n", sighting.Text)
			s.Through(f)
		case w.bytes:
			f.Why, f.Backend = "bytes of it reached the backend", sighting.Text
			s.Through(f)
		}
	}
}

// Insider is a visitor with a pass, whom no other attempt uses. An attempt may take as
// many as its Passes say.
func (s *Stage) Insider() *gateway.Visitor {
	select {
	case v := <-s.insiders:
		return v
	default:
		s.Fatalf("there are no more passes: Passes of %s is too low", s.attempt.ID)
		return nil
	}
}

// Waiter is a visitor who has taken a place.
func (s *Stage) Waiter() *gateway.Visitor {
	s.Helper()
	v := s.Stranger()
	if a := v.Call(s, "join"); a.Status != 200 {
		s.Fatalf("join: %d %s", a.Status, a.Body)
	}
	return v
}

// wants ends the attempt, untried, where a program is missing.
func (s *Stage) wants(programs ...string) {
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			s.Skipf("%s was not found (apt-get install %s)", name, strings.Replace(name, "gcc", "gcc libc6-dev", 1))
		}
	}
}

// starts starts a gateway of the attempt's own.
func (s *Stage) starts(o gateway.Options) *gateway.Gateway {
	s.Helper()
	o.Binary = s.Binary
	if s.Starts != nil {
		return s.Starts(s, o)
	}
	return gateway.Start(s, o)
}

// maxEvidence bounds each part of a finding.
const maxEvidence = 2048

func clip(text string) string {
	if len(text) <= maxEvidence {
		return text
	}
	return text[:maxEvidence] + fmt.Sprintf("… (%d bytes more)", len(text)-maxEvidence)
}

// said is an answer as text.
func said(a gateway.Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", a.Status)
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		for _, value := range a.Header[name] {
			fmt.Fprintf(&b, "\n%s: %s", name, value)
		}
	}
	return b.String() + "\n\n" + a.Body
}
