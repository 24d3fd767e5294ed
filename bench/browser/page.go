package browser

import (
	"encoding/json"
	"strconv"
)

// Page is one tab. Its methods block until the browser has answered, a minute at most,
// and say what it could not do.
type Page struct {
	b    *Browser
	name string
}

// Options are how a context differs from an ordinary one.
type Options struct {
	// Init is script that runs before that of any page.
	Init string
	// Agent is what the browser calls itself; "" is its own name.
	Agent string
	// NoPolicy makes the browser ignore the Content-Security-Policy of pages, as its
	// owner can.
	NoPolicy bool
}

// Page opens a tab in a context of its own: no cookies, no storage of others. Close it.
func (b *Browser) Page(o Options) (*Page, error) {
	options := map[string]any{}
	if o.Agent != "" {
		options["userAgent"] = o.Agent
	}
	if o.NoPolicy {
		options["bypassCSP"] = true
	}
	return b.open(map[string]any{"options": options, "init": o.Init})
}

// Beside opens another tab of the same context.
func (p *Page) Beside() (*Page, error) { return p.b.open(map[string]any{"beside": p.name}) }

func (b *Browser) open(more map[string]any) (*Page, error) {
	b.mu.Lock()
	b.next++
	p := &Page{b: b, name: "tab" + strconv.Itoa(b.next)}
	b.mu.Unlock()
	return p, p.act("open", more, nil)
}

// Close closes the tab and its context, and so the tabs beside it.
func (p *Page) Close() { _, _ = p.b.do("close", p.name, nil) }

func (p *Page) act(act string, more map[string]any, into any) error {
	value, err := p.b.do(act, p.name, more)
	if err == nil && into != nil {
		err = json.Unmarshal(value, into)
	}
	return err
}

// Arrived is how a navigation ended: a status, or why there was none.
type Arrived struct {
	Status int    `json:"status"`
	Failed string `json:"failed"`
}

// Goto navigates.
func (p *Page) Goto(url string) (a Arrived, err error) {
	err = p.act("goto", map[string]any{"url": url}, &a)
	return a, err
}

// Reload reloads the page.
func (p *Page) Reload() (a Arrived, err error) {
	err = p.act("reload", nil, &a)
	return a, err
}

// Back goes back in the tab's history.
func (p *Page) Back() (a Arrived, err error) {
	err = p.act("back", nil, &a)
	return a, err
}

// Run runs script in the page and reads its value into a variable; nil takes none.
func (p *Page) Run(code string, into any) error {
	return p.act("run", map[string]any{"code": code}, into)
}

// Content is the document as the browser has it now.
func (p *Page) Content() (html string, err error) {
	err = p.act("content", nil, &html)
	return html, err
}

// Offline cuts the context off the network, or connects it again.
func (p *Page) Offline(yes bool) error {
	return p.act("offline", map[string]any{"value": yes}, nil)
}

// Cookie is a cookie as the browser has it.
type Cookie struct {
	Name     string  `json:"name"`
	Value    string  `json:"value"`
	Domain   string  `json:"domain"`
	Path     string  `json:"path"`
	Expires  float64 `json:"expires"`
	HTTPOnly bool    `json:"httpOnly"`
	Secure   bool    `json:"secure"`
	SameSite string  `json:"sameSite"`
}

// Cookies are those of the context.
func (p *Page) Cookies() (all []Cookie, err error) {
	err = p.act("cookies", nil, &all)
	return all, err
}

// Give puts cookies into the context.
func (p *Page) Give(all []Cookie) error {
	return p.act("give", map[string]any{"cookies": all}, nil)
}

// Send adds fields to every request of the context.
func (p *Page) Send(fields map[string]string) error {
	return p.act("send", map[string]any{"fields": fields}, nil)
}

// Forge answers all requests that match the pattern itself, with a body of JSON.
func (p *Page) Forge(pattern string, status int, body string) error {
	return p.act("forge", map[string]any{"pattern": pattern, "status": status, "body": body}, nil)
}

// Rewrite lets requests that match through, and writes values over those of the JSON
// that comes back.
func (p *Page) Rewrite(pattern string, values map[string]any) error {
	return p.act("rewrite", map[string]any{"pattern": pattern, "values": values}, nil)
}

// Block lets requests that match fail, as an address that cannot be reached.
func (p *Page) Block(pattern string) error {
	return p.act("block", map[string]any{"pattern": pattern}, nil)
}

// Stall never answers requests that match.
func (p *Page) Stall(pattern string) error {
	return p.act("stall", map[string]any{"pattern": pattern}, nil)
}

// Forget deletes the cookies of the context.
func (p *Page) Forget() error { return p.act("forget", nil, nil) }

// Frames are the addresses that the tab's frames show, its own first. A frame that the
// browser has blocked shows an address of its own.
func (p *Page) Frames() (all []string, err error) {
	err = p.act("frames", nil, &all)
	return all, err
}

// Honest ends Forge, Rewrite, Block and Stall.
func (p *Page) Honest() error { return p.act("unroute", nil, nil) }
