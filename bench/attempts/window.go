package attempts

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// play is one variant that is played in a browser: a visitor comes to the waiting page,
// does something, and comes again.
type play struct {
	name string
	with browser.Options
	// do is what the visitor does; nil is nothing.
	do func(w *window)
	// kept says that the visitor's place has to be the same afterwards.
	kept bool
	// clock is what the whole browser's clock is ahead.
	clock time.Duration
}

// window is a tab of an attempt on the waiting page of an address that carries a mark.
type window struct {
	*browser.Tab
	s *Stage
	// mark is in uri, which is the protected address that the tab went to.
	mark, uri string
}

const (
	// atOnce is how many tabs an attempt has open at a time.
	atOnce = 3
	// believed is how long a page may take to act on what it was told.
	believed = 1500 * time.Millisecond
)

// chromium is the browser of the run: one for all attempts.
func (s *Stage) chromium() *browser.Browser {
	s.Helper()
	s.Site.mu.Lock()
	defer s.Site.mu.Unlock()
	if s.Chromium == nil {
		b, err := browser.Launch()
		if err != nil {
			s.Fatal(err)
		}
		s.Chromium, s.launched = b, true
	}
	return s.Chromium
}

// quit ends the browser that the run has started.
func (o *Site) quit() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.launched {
		o.Chromium.Close()
		o.Chromium, o.launched = nil, false
	}
}

// origin is how a browser calls the site. Names below localhost lead to this machine
// without anybody being asked (RFC 6761, section 6.3).
func (o *Site) origin() string {
	if o.Host == o.target.Host {
		return o.URL
	}
	name, _, _ := strings.Cut(o.Host, ":")
	return o.target.Scheme + "://" + name + ":" + o.target.Port()
}

// marked is a protected address that carries a mark.
func (s *Stage) marked(mark string) string {
	separator := "?"
	if strings.Contains(s.Page, "?") {
		separator = "&"
	}
	return s.Page + separator + "attempt=" + url.QueryEscape(mark)
}

// play plays variants, a few at a time, and judges each by whether the address that it
// is about was ever answered by the backend.
func (s *Stage) play(all ...play) {
	free := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i := range all {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			s.playOne(&all[i])
		})
	}
	group.Wait()
}

func (s *Stage) playOne(p *play) {
	b := s.chromium()
	if p.clock != 0 {
		env, err := browser.Shifted(s.TempDir(), p.clock)
		if err != nil {
			s.Skip(err)
		}
		if b, err = browser.Launch(env); err != nil {
			s.Fatal(err)
		}
		defer b.Close()
	}
	p.with.NoPolicy = true // it is the visitor's own browser
	mark := s.Mark()
	w := &window{Tab: b.Open(s, p.with), s: s, mark: mark, uri: s.marked(mark)}
	defer w.Close()
	if a := w.Goto(s.origin() + w.uri); a.Failed != "" {
		s.Errorf("%s: the waiting page did not come: %s", p.name, a.Failed)
		return
	}
	before := w.standing()
	if p.do != nil {
		p.do(w)
	}
	s.settle(mark)
	w.judge(p, before)
}

// settle gives pages the time to act on what they were told; once the backend has seen
// the mark there is nothing to wait for.
func (s *Stage) settle(mark string) {
	gateway.Eventually(believed, func() bool { return s.Canary != nil && len(s.Canary.Marked(mark)) > 0 })
}

// judge comes again, as any visitor would, and looks who answers.
func (w *window) judge(p *play, before gateway.Standing) {
	w.s.Helper()
	w.Honest()
	w.Offline(false)
	w.Send(nil)
	a := w.Goto(w.s.origin() + w.uri)
	sent := "in Chromium: GET " + w.uri + "; " + p.name + "; GET " + w.uri
	w.s.Held(p.name, w.mark, sent, gateway.Answer{Status: a.Status, Body: unquoted(w.html())})
	if !p.kept {
		return
	}
	if after := w.standing(); before.Number == 0 || after.Number != before.Number {
		w.s.Wronged(Finding{
			Variant: p.name, Sent: sent,
			Why: fmt.Sprintf("the place was lost: ticket %d became ticket %d", before.Number, after.Number),
		})
	}
}

// html is the document; a page that goes somewhere has none for a moment.
func (w *window) html() (text string) {
	gateway.Eventually(believed, func() bool { return w.Try("document.documentElement.outerHTML", &text) == nil })
	return text
}

// standing is what the page is told when it asks, nothing where there is no answer.
func (w *window) standing() (now gateway.Standing) {
	code := fmt.Sprintf(`fetch('/.waitroom/%s/status', {cache: 'no-store'}).then(r => r.json())`, w.s.Room)
	gateway.Eventually(5*time.Second, func() bool { return w.Try(code, &now) == nil && now.State != "" })
	return now
}

// script runs code in which ROOM, MARK and PAGE stand for the room, the mark and a
// protected address that carries it. A page that goes away meanwhile is no failure.
func (w *window) script(code string, into any) {
	text := strings.NewReplacer("ROOM", w.s.Room, "MARK", w.mark, "PAGE", w.uri).Replace(code)
	_ = w.Try(text, into)
}
