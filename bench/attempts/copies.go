package attempts

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"waitroom/bench/gateway"
)

// copies are the attempts of family D and E in which somebody shows what another one got.
func copies() []Attempt {
	return []Attempt{
		{
			ID: "D7", Title: "A pass is copied: all of a browser's cookies, or some, are shown by another browser or by an app.",
			Steps:  "enter, copy all cookies of the site to another browser (or curl -H 'Cookie: …'), and ask for {page}",
			Expect: "the waiting page: a pass belongs to one browser; whose it is goes on",
			Refs:   []string{"CWE-294", "CWE-613", "WSTG-SESS-09", "WSTG-SESS-11", "ASVS 10.3.5"},
			Driver: Actors, Needs: NeedClosed, Passes: 1, Run: copiedPass,
		},
		{
			ID: "D8", Title: "A whole browser profile is copied, with its key, or its cookies by a browser that calls itself the same.",
			Steps:  "close the browser, copy its profile's folder to another machine, and start it there",
			Expect: "a residual risk, see docs/threat-model.md: what is the same browser in all respects is taken for it",
			Refs:   []string{"CWE-522"},
			Driver: Actors, Needs: NeedClosed, Passes: 1, Run: copiedProfile,
		},
		{
			ID: "D9", Title: "A helper signs live: an accomplice's browser answers each question for the device's key.",
			Steps:  "enter with one browser, and have a program there pass on the requests of another one, and what comes back",
			Expect: "a residual risk, see docs/threat-model.md: no signature tells for whom it was made; it costs the helper a browser that is held the whole time",
			Refs:   []string{"CWE-294"},
			Driver: Actors, Needs: NeedClosed, Run: func(s *Stage) {
				s.Skip("a helper who signs live is a documented residual risk, see docs/threat-model.md")
			},
		},
		{
			ID: "D10", Title: "A proof of the device's key is shown again: the same nonce, another address, another method, another ticket.",
			Steps:  "record what the waiting page sends to enter, and send it again: at once, after a minute, to another call, with another ticket",
			Expect: "each proof once, for one call, one address and one ticket, and for seconds",
			Refs:   []string{"CWE-294", "RFC 9449"},
			Driver: HTTP, Needs: NeedOwn, Run: replayedProofs,
		},
		{
			ID: "D13", Title: "Fixation: an attacker's ticket, device or pass is planted in somebody else's browser.",
			Steps:  "copy your own cookies waitroom-ticket-…, waitroom-device and waitroom-pass-… into another browser, and take a place there",
			Expect: "what belongs to another browser is not taken over: a place of one's own, or other_device",
			Refs:   []string{"CWE-384", "WSTG-SESS-03", "ASVS 7.2.4"},
			Driver: Actors, Needs: NeedClosed, Passes: 1, Run: planted,
		},
		{
			ID: "E7", Title: "Resale: one waits, and when the turn has come another one enters with the copied ticket.",
			Steps:  "take a place, wait for the turn, copy the cookies to another browser, and POST /.waitroom/{room}/enter there",
			Expect: "403 other_device for the copy; the place stays with the browser that has waited",
			Refs:   []string{"CWE-294", "OAT-005"},
			Driver: Actors, Needs: NeedOperator, Alone: true, Run: resold,
		},
	}
}

// otherAgents are other browsers than gateway.Agent.
var otherAgents = map[string]string{
	"a telephone":   "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Version/17.2 Mobile/15E148 Safari/604.1",
	"Firefox":       "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
	"curl":          "curl/8.5.0",
	"no User-Agent": "",
}

// thief is another browser with some of the owner's cookies, named as in waitroom-NAME;
// none named is all.
func (s *Stage) thief(owner *gateway.Visitor, agent string, names ...string) *gateway.Visitor {
	v := s.Stranger()
	v.Agent = agent
	if len(names) == 0 {
		v.Cookies = maps.Clone(owner.Cookies)
	}
	for _, name := range names {
		if full := s.cookie(owner, name); full != "" {
			v.Cookies[full] = owner.Cookies[full]
		}
	}
	return v
}

// thieves are all who have copied something from an owner.
func (s *Stage) thieves(owner *gateway.Visitor) map[string]*gateway.Visitor {
	ticket, pass := "ticket-"+s.Room, "pass-"+s.Room
	other := otherAgents["a telephone"]
	all := map[string]*gateway.Visitor{
		"the pass alone, same browser name":               s.thief(owner, owner.Agent, pass),
		"the pass and the ticket, same browser name":      s.thief(owner, owner.Agent, pass, ticket),
		"the pass and the device, another browser":        s.thief(owner, other, pass, "device"),
		"the ticket alone, same browser name":             s.thief(owner, owner.Agent, ticket),
		"the ticket and the device, another browser":      s.thief(owner, other, ticket, "device"),
		"the pass as an app's":                            s.thief(owner, owner.Agent, "none").With("Waitroom-Pass", owner.Cookies[s.cookie(owner, pass)]),
		"the pass as an app's, with the device":           s.thief(owner, other, "device").With("Waitroom-Pass", owner.Cookies[s.cookie(owner, pass)]),
		"the ticket as an app's":                          s.thief(owner, owner.Agent, "none").With("Waitroom-Ticket", owner.Cookies[s.cookie(owner, ticket)]),
		"all cookies with those of a device of one's own": s.mixed(owner),
	}
	for name, agent := range otherAgents {
		all["all cookies in "+name] = s.thief(owner, agent)
	}
	return all
}

// mixed is a visitor with a device of their own, who shows the owner's ticket and pass.
func (s *Stage) mixed(owner *gateway.Visitor) *gateway.Visitor {
	s.Helper()
	v := s.Waiter()
	for name, value := range owner.Cookies {
		if name != s.cookie(owner, "device") {
			v.Cookies[name] = value
		}
	}
	return v
}

func copiedPass(s *Stage) {
	owner := s.Insider()
	for name, v := range s.thieves(owner) {
		mark := s.Mark()
		a, err := v.TryNavigate(s.marked(mark))
		if err != nil {
			s.Fatal(err)
		}
		s.Held(name, mark, "GET "+s.marked(mark)+" by "+name, a)
		a, err = v.Try("enter")
		if err != nil {
			s.Fatal(err)
		}
		s.Check(name+", enter", "POST /.waitroom/"+s.Room+"/enter by "+name, a, s.entered(v, &a))
	}
	if a := owner.Navigate(s, s.Page); s.strange(a.Status, a.Header.Get("Content-Type"), a.Body) == "" {
		s.Wronged(Finding{Variant: "whose pass was copied", Answer: said(a), Why: "the owner does not get in any more"})
	}
}

// entered says why an answer counts as an entry of who asked; "" if it is none.
func (s *Stage) entered(v *gateway.Visitor, a *gateway.Answer) string {
	switch {
	case a.Standing.Pass != "":
		return "the answer has a pass in it"
	case a.Status == http.StatusOK && a.Standing.State == "admitted":
		return "the answer says that who asks is admitted"
	}
	for _, c := range a.Header.Values("Set-Cookie") {
		name, value, _ := strings.Cut(c, "=")
		if name == s.passCookie(v) && !strings.HasPrefix(value, ";") && value != "" {
			return "the answer sets a pass"
		}
	}
	return ""
}

func copiedProfile(s *Stage) {
	owner := s.Insider()
	twin := owner.Twin()
	a, err := twin.TryNavigate(s.Page)
	if err != nil {
		s.Fatal(err)
	}
	told := "was let in"
	if s.strange(a.Status, a.Header.Get("Content-Type"), a.Body) == "" {
		told = "was not let in"
	}
	s.Skipf("a copy of the whole profile is the same browser to any server, a documented residual risk; all cookies under the same browser name: the copy %s", told)
}

func planted(s *Stage) {
	attacker := s.Waiter()
	standing := attacker.Call(s, "status")
	place := s.place(attacker, &standing)
	ticket := "ticket-" + s.Room
	value := attacker.Cookies[s.cookie(attacker, ticket)]
	other := otherAgents["a telephone"]
	victims := map[string]*gateway.Visitor{
		"ticket and device as cookies": s.thief(attacker, other, ticket, "device"),
		"the ticket as a cookie":       s.thief(attacker, other, ticket),
		"the ticket, same browser":     s.thief(attacker, attacker.Agent, ticket),
		"the device as a cookie":       s.thief(attacker, other, "device"),
		"the ticket as a field":        s.thief(attacker, other, "none").With("Waitroom-Ticket", value),
	}
	for name, v := range victims {
		a, err := v.Try("join")
		if err != nil {
			s.Fatal(err)
		}
		why := ""
		if a.Status == http.StatusOK && s.place(v, &a) == place {
			why = fmt.Sprintf("the victim has the attacker's place, %d", place)
		}
		s.Check(name, "POST /.waitroom/"+s.Room+"/join with a planted "+name, a, why)
	}
	mark := s.Mark()
	v := s.thief(s.Insider(), other)
	a, err := v.TryNavigate(s.marked(mark))
	if err != nil {
		s.Fatal(err)
	}
	s.Held("the pass and all else as cookies", mark, "GET "+s.marked(mark)+" with planted cookies", a)
}

// called is a visitor whose turn it is, and who has not entered yet. The room lets
// people in from then on, until the attempt ends.
func (s *Stage) called() *gateway.Visitor {
	s.Helper()
	v := s.Waiter()
	s.open()
	if !gateway.Eventually(turnLimit, func() bool { return v.Call(s, "status").Standing.State == "called" }) {
		s.Fatal("the turn did not come")
	}
	return v
}

func resold(s *Stage) {
	owner := s.called()
	for name, v := range s.thieves(owner) {
		if strings.Contains(name, "the pass") {
			continue // there is none yet
		}
		a, err := v.Try("enter")
		if err != nil {
			s.Fatal(err)
		}
		why := s.entered(v, &a)
		// A newcomer's own entry is no copy's: who has a device of their own may have a turn, too.
		if why != "" && strings.Contains(name, "of one's own") && a.Standing.Number != owner.Call(s, "status").Standing.Number {
			why = ""
		}
		s.Check(name, "POST /.waitroom/"+s.Room+"/enter by "+name, a, why)
	}
	if a := owner.Call(s, "enter"); a.Status != http.StatusOK {
		s.Wronged(Finding{Variant: "who has waited", Answer: said(a), Why: "the owner of the place cannot enter"})
	}
}

// passID is what tells a visitor's pass from others: its jti, or all of it where it is
// no JWT.
func (s *Stage) passID(v *gateway.Visitor) string {
	value := v.Cookies[s.passCookie(v)]
	return cmp.Or(claims(value).ID, value)
}

// place is what tells a visitor's place from others: that of the ticket, or the number
// where the ticket is no JWT.
func (s *Stage) place(v *gateway.Visitor, a *gateway.Answer) int64 {
	return cmp.Or(claims(v.Cookies[s.cookie(v, "ticket-"+s.Room)]).Place, a.Standing.Number)
}

// claimed is what a ticket or a pass says, as far as attempts read it.
type claimed struct {
	ID    string `json:"jti"`
	Place int64  `json:"plc"`
}

// claims reads a JWT, unverified.
func claims(token string) (c claimed) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &c) != nil {
		return claimed{}
	}
	return c
}

// different is how many different texts there are, without the empty one.
func different(all []string) int {
	all = slices.Clone(all)
	slices.Sort(all)
	all = slices.Compact(all)
	return len(slices.DeleteFunc(all, func(text string) bool { return text == "" }))
}
