package identity

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// maxClaim is how many bytes a claim may have that makes a person or tells a group.
const maxClaim = 512

// answers are the claims of an ID token or a profile.
type answers map[string]json.RawMessage

// readAnswers reads a JSON object.
func readAnswers(body []byte) (answers, error) {
	var a answers
	// The decoder takes what is not UTF-8 for U+FFFD, by which two persons would become one.
	if !utf8.Valid(body) || json.Unmarshal(body, &a) != nil || a == nil {
		return nil, errors.New("claims that are no JSON object")
	}
	return a, nil
}

// text is a claim as text: a string, a number or a truth, of at most maxClaim bytes. Anything else counts as not given.
func (a answers) text(name string) string {
	raw := a[name]
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || raw[0] == 'n' {
		return ""
	}
	text := string(raw)
	if raw[0] == '"' && json.Unmarshal(raw, &text) != nil || len(text) > maxClaim {
		return ""
	}
	return text
}

// within is the object that is the value of a claim, nil where there is none.
func (a answers) within(name string) answers {
	in, err := readAnswers(a[name])
	if err != nil {
		return nil
	}
	return in
}

// theirs is the provider's name for a claim of ours.
func (c *Config) theirs(ours string) string {
	if name := c.Claims[ours]; name != "" {
		return name
	}
	return ours
}

// birthClaims are those that tell the day of birth.
var birthClaims = []string{claimDate, claimYear, claimDay, claimType}

// wantsBirth tells whether anybody asks for the day of birth.
func (c *Config) wantsBirth() bool { return c.Birthday || slices.Contains(c.Required, claimDate) }

// wanted are the names of the claims that are looked for, but iss and sub, which every token has.
func (c *Config) wanted() []string {
	names := slices.Concat(c.Person, c.Required, c.Groups)
	if c.wantsBirth() {
		names = append(names, birthClaims...)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "iss" || n == "sub" })
}

// gather adds to have what a has of the wanted claims and have has not.
func (c *Config) gather(have map[string]string, a answers) {
	for _, ours := range c.wanted() {
		if text := a.text(c.theirs(ours)); text != "" && have[ours] == "" {
			have[ours] = text
		}
	}
}

// enough tells whether there is nothing to ask a profile for. Of the day of birth, any form will do; that groups have no claim is
// usual, and only the profile knows.
func (c *Config) enough(have map[string]string) bool {
	for _, name := range slices.Concat(c.Person, c.Required, c.Groups) {
		if have[name] == "" && name != claimDate {
			return false
		}
	}
	return !c.wantsBirth() || len(have[claimDate]) > 4 || have[claimDay] != ""
}

// person makes a person of what was gathered.
func (c *Config) person(have map[string]string, b Back) (Person, error) {
	p := Person{Digit: -1, NoDigit: Incomplete}
	for _, name := range c.Person {
		value := have[name]
		if value == "" {
			return Person{}, incomplete("the claim %s, which makes the person, was not given", name)
		}
		for _, s := range []string{name, value} {
			p.Key = binary.AppendUvarint(p.Key, uint64(len(s)))
			p.Key = append(p.Key, s...)
		}
	}
	for _, name := range c.Required {
		if name != claimDate && have[name] == "" {
			return Person{}, incomplete("the claim %s, which is required, was not given", name)
		}
	}
	if c.wantsBirth() {
		var err error
		p.Digit, p.NoDigit, err = birthDigit(have, b.Now)
		if err != nil && slices.Contains(c.Required, claimDate) {
			return Person{}, &Refusal{p.NoDigit, err}
		}
	}
	for _, name := range c.Groups {
		if value := have[name]; value != "" {
			if p.Claims == nil {
				p.Claims = make(map[string]string, len(c.Groups))
			}
			p.Claims[name] = value
		}
	}
	return p, nil
}

func incomplete(format string, name string) *Refusal {
	return &Refusal{Incomplete, &lacking{claim: name, text: fmt.Sprintf(format, name)}}
}

// lacking is that a claim was not given.
type lacking struct{ claim, text string }

func (l *lacking) Error() string { return l.text }

// Lacks is the claim that was not given, by our name for it, so that people can be told what to consent to; "" where nothing is known
// to be missing.
func Lacks(err error) string {
	var l *lacking
	switch {
	case errors.As(err, &l):
		return l.claim
	case errors.Is(err, errNoDay):
		return claimDate
	}
	return ""
}
