package dbsc

import "encoding/json"

// Instruction is what a browser is told of a session that it registered or renewed.
type Instruction struct {
	Session Session
	// Refresh is the path at which the session is renewed.
	Refresh string
	// Exclude are paths of the origin that need no cookie, each with all below it: requests for them wait for no renewal.
	Exclude []string
	// Cookie is the bound cookie's name; Attributes are those that it is set with, but for Max-Age, as in Set-Cookie.
	Cookie, Attributes string
}

type scopeRule struct {
	Type string `json:"type"`
	Path string `json:"path"`
}

type credential struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Attributes string `json:"attributes"`
}

// JSON is the instruction's document. The session is that of one origin, never of a site: a sister host gets nothing.
func (i *Instruction) JSON() []byte {
	var d struct {
		Session string `json:"session_identifier"`
		Refresh string `json:"refresh_url"`
		Scope   struct {
			Site  bool        `json:"include_site"`
			Rules []scopeRule `json:"scope_specification"`
		} `json:"scope"`
		Credentials []credential `json:"credentials"`
	}
	d.Session, d.Refresh = i.Session.String(), i.Refresh
	// Only exclusions: so it does not matter in which order a browser tries the rules.
	d.Scope.Rules = []scopeRule{}
	for _, path := range i.Exclude {
		d.Scope.Rules = append(d.Scope.Rules, scopeRule{"exclude", path})
	}
	d.Credentials = []credential{{"cookie", i.Cookie, i.Attributes}}
	return document(d)
}

// End is the document that ends a session: the browser forgets it, and its key.
func End(session string) []byte {
	return document(struct {
		Session  string `json:"session_identifier"`
		Continue bool   `json:"continue"`
	}{Session: session})
}

func document(d any) []byte {
	text, err := json.Marshal(d)
	if err != nil {
		panic("BUG: write a session instruction: " + err.Error())
	}
	return text
}
