package browser

import "testing"

// Tab is a Page for tests: its methods fail the test where the browser cannot do what
// is asked.
type Tab struct {
	t testing.TB
	p *Page
}

// Open opens a tab in a context of its own: no cookies, no storage of others. It is
// closed with the test.
func (b *Browser) Open(t testing.TB, o Options) *Tab {
	t.Helper()
	p, err := b.Page(o)
	tab := &Tab{t, p}
	tab.must("open", err)
	t.Cleanup(p.Close)
	return tab
}

// Beside opens another tab of the same context.
func (t *Tab) Beside() *Tab {
	t.t.Helper()
	p, err := t.p.Beside()
	t.must("open", err)
	return &Tab{t.t, p}
}

func (t *Tab) must(act string, err error) {
	t.t.Helper()
	if err != nil {
		t.t.Fatalf("%s: %v", act, err)
	}
}

// Goto navigates.
func (t *Tab) Goto(url string) Arrived {
	t.t.Helper()
	a, err := t.p.Goto(url)
	t.must("goto", err)
	return a
}

// Reload reloads the page.
func (t *Tab) Reload() Arrived {
	t.t.Helper()
	a, err := t.p.Reload()
	t.must("reload", err)
	return a
}

// Back goes back in the tab's history.
func (t *Tab) Back() Arrived {
	t.t.Helper()
	a, err := t.p.Back()
	t.must("back", err)
	return a
}

// Close closes the tab and its context, and so the tabs beside it, before the test ends.
func (t *Tab) Close() { t.p.Close() }

// Content is the document as the browser has it now.
func (t *Tab) Content() string {
	t.t.Helper()
	html, err := t.p.Content()
	t.must("content", err)
	return html
}

// Run runs script in the page and reads its value into a variable; nil takes none.
func (t *Tab) Run(code string, into any) {
	t.t.Helper()
	t.must("run", t.p.Run(code, into))
}

// Try is Run where a page that goes away meanwhile is no failure.
func (t *Tab) Try(code string, into any) error { return t.p.Run(code, into) }

// Offline cuts the context off the network, or connects it again.
func (t *Tab) Offline(yes bool) {
	t.t.Helper()
	t.must("offline", t.p.Offline(yes))
}

// Cookies are those of the context.
func (t *Tab) Cookies() []Cookie {
	t.t.Helper()
	all, err := t.p.Cookies()
	t.must("cookies", err)
	return all
}

// Give puts cookies into the context.
func (t *Tab) Give(all []Cookie) {
	t.t.Helper()
	t.must("give", t.p.Give(all))
}

// Forget deletes the cookies of the context.
func (t *Tab) Forget() {
	t.t.Helper()
	t.must("forget", t.p.Forget())
}

// Frames are the addresses that the tab's frames show, its own first.
func (t *Tab) Frames() []string {
	t.t.Helper()
	all, err := t.p.Frames()
	t.must("frames", err)
	return all
}

// Send adds fields to every request of the context; nil adds none any more.
func (t *Tab) Send(fields map[string]string) {
	t.t.Helper()
	t.must("send", t.p.Send(fields))
}

// Block lets requests that match fail, as an address that cannot be reached.
func (t *Tab) Block(pattern string) {
	t.t.Helper()
	t.must("block", t.p.Block(pattern))
}

// Stall never answers requests that match.
func (t *Tab) Stall(pattern string) {
	t.t.Helper()
	t.must("stall", t.p.Stall(pattern))
}

// Forge answers all requests that match the pattern itself, with a body.
func (t *Tab) Forge(pattern string, status int, body string) {
	t.t.Helper()
	t.must("forge", t.p.Forge(pattern, status, body))
}

// Rewrite lets requests that match through, and writes values over those of the JSON
// that comes back.
func (t *Tab) Rewrite(pattern string, values map[string]any) {
	t.t.Helper()
	t.must("rewrite", t.p.Rewrite(pattern, values))
}

// Honest ends Forge, Rewrite, Block and Stall.
func (t *Tab) Honest() {
	t.t.Helper()
	t.must("honest", t.p.Honest())
}
