// Package visitor reads what a request shows of who sends it: the device, the
// ticket and the pass, from cookies or from an app's headers; and whether somebody
// navigates, or a program asks. It writes the gateway's cookies.
//
// It decides nothing: what it reads is only text until package token has verified it.
package visitor

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/token"
)

// Wish is what kind of answer a request wants.
type Wish int

// The wishes.
const (
	// Page is a person's browser that navigates.
	Page Wish = iota
	// Data is a program: an app, a script's fetch, a WebSocket, an unsafe method that is
	// not a form's.
	Data
	// Guess is a browser that loads ahead of its person. It must change nothing.
	Guess
)

// nobody is a device cookie that is well formed and nobody's, to read what a browser
// without one shows of itself.
var nobody = []byte("AAAAAAAAAAAAAAAAAAAAAA")

// Visitor is what one request shows. Its slices die with the request.
type Visitor struct {
	// Device is the device that the request shows. Its ID is zero where there is no
	// device cookie; then Known is false.
	Device token.Device
	Known  bool
	// Ticket and Pass are as they were sent, unverified; nil where there is none.
	Ticket, Pass []byte
	// Header says that the ticket or pass came in a header of an app.
	Header bool
	// Browser says that a browser sent the request: its answer may be read by a page's
	// script, so that no token is written into its body.
	Browser bool
	// Fresh is the device cookie that was made for the visitor at this request; nil where none was.
	Fresh []byte
	// Embedded says that another site's page loads this, as an image or a frame: no
	// cookie that is set would stay (SameSite), so that a place would be lost at once.
	Embedded bool
	// Unproved is set where what was to be proved could not be: then nobody enters at once.
	Unproved bool
	// Form is set by who reads the body: a person sent a form, in a browser that does not say so.
	Form bool
	// Forged is set by who verifies: a ticket or pass of the request is no good, and was never.
	Forged bool
	// Proved is set by who verifies: the request proves that its sender holds the device's key.
	Proved bool
	// Ath is set by who hands out a ticket as a cookie: the hash by which a proof names it.
	Ath [43]byte

	// Bound is the thumbprint of the key that the device is bound to in this room, by its
	// cookie; zero for none. Whether the browser holds that key is told by a bound cookie.
	Bound [32]byte

	request *strict.Request
}

// Read reads the visitor of a room from a canonical request. The device cookie of a device
// with a key is verified with keys; nil knows none.
func (c Cookies) Read(q *strict.Request, room string, keys *token.Keys) Visitor {
	site, dest := q.Value(strict.FetchSite), q.Value(strict.FetchDest)
	v := Visitor{
		Browser:  len(site) > 0 || len(dest) > 0,
		Embedded: string(site) == "cross-site" && string(dest) != "document",
		request:  q,
	}
	device := q.Own(c.device)
	if device == nil {
		device = q.Get("Waitroom-Device") // of an app, which keeps no cookies
	}
	ua, platform := q.Value(strict.UserAgent), q.Value(strict.Platform)
	if keys != nil {
		v.Device, v.Known = keys.Device(device, ua, platform)
	} else {
		v.Device, v.Known = token.DeviceOf(device, ua, platform)
	}
	if !v.Known {
		shown, _ := token.DeviceOf(nobody, ua, platform)
		v.Device = token.Device{Browser: shown.Browser}
	}
	v.Ticket, v.Pass = q.Value(strict.Ticket), q.Value(strict.Pass)
	v.Header = len(v.Ticket) > 0 || len(v.Pass) > 0
	if !v.Header {
		names := c.of(room)
		v.Ticket, v.Pass = q.Own(names.ticket), q.Own(names.pass)
	}
	return v
}

// Holds says whether a ticket or pass that was made for a device may be used by
// this visitor. One without a device cookie's hash was handed to an app, which has
// none: then what the program shows of itself has to do. Whether the visitor holds the
// device's key is another question, which only a proof answers.
func (v *Visitor) Holds(made token.Device) bool {
	if made.ID == ([16]byte{}) {
		return v.Header && made.SameBrowser(v.Device)
	}
	return made.Same(v.Device) == token.Same
}

// Wish tells what is wanted from what a browser says of the request, and else from the
// kind of document that is preferred. Most requests are decided on without it.
func (v *Visitor) Wish() Wish {
	q := v.request
	dest := q.Value(strict.FetchDest)
	switch {
	case containsFold(q.Get("Sec-Purpose"), "prefetch"), bytes.EqualFold(q.Get("Purpose"), []byte("prefetch")):
		return Guess
	case q.Value(strict.Ticket) != nil, q.Value(strict.Pass) != nil, q.Upgrade:
		return Data
	case q.Method != fasthttp.MethodGet && q.Method != fasthttp.MethodHead:
		if string(dest) == "document" || v.Form && len(dest) == 0 {
			return Page
		}
		return Data
	case len(dest) > 0 && !frame(dest):
		return Data
	case prefersJSON(q.Get("Accept")):
		return Data
	}
	return Page
}

func frame(dest []byte) bool {
	return string(dest) == "document" || string(dest) == "iframe" || string(dest) == "frame"
}
