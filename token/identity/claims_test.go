package identity

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func complete(t testing.TB, change func(*Config)) *Config {
	t.Helper()
	c := Config{Name: "demo", Type: "oidc", Callback: "https://a.example/cb", Issuer: "https://id.example", ClientID: "waitroom"}
	if change != nil {
		change(&c)
	}
	c, err := c.complete()
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

func TestNoTwoListsOfClaimsAreTheSamePerson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringN(1, 4, 300), 1, 4)
		list := func(label string) (names []string, have map[string]string, same string) {
			names = rapid.SliceOfNDistinct(rapid.StringN(1, 3, 20), 1, 3, rapid.ID[string]).Draw(t, label)
			values := texts.Draw(t, label)
			have = map[string]string{}
			for i, name := range names {
				have[name] = values[i%len(values)]
				same += "\xff" + name + "\xfe" + have[name]
			}
			return names, have, same
		}
		one, haveOne, sameOne := list("one")
		two, haveTwo, sameTwo := list("two")
		p, err := (&Config{Person: one}).person(haveOne, Back{})
		q, err2 := (&Config{Person: two}).person(haveTwo, Back{})
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if bytes.Equal(p.Key, q.Key) != (sameOne == sameTwo) {
			t.Errorf("%q and %q have the keys %q and %q", haveOne, haveTwo, p.Key, q.Key)
		}
	})
}

func TestTheKeyIsOfTheConfiguredIssuer(t *testing.T) {
	c := complete(t, nil)
	p, err := c.person(map[string]string{"iss": c.Issuer, "sub": "12"}, Back{})
	if err != nil || string(p.Key) != "\x03iss\x12https://id.example\x03sub\x0212" {
		t.Errorf("%q, %v", p.Key, err)
	}
}

func TestAClaimThatIsNeededAndNotGivenIsNamed(t *testing.T) {
	c := complete(t, func(c *Config) { c.Person, c.Required = []string{"ci"}, []string{"verified", "birthdate"} })
	f := func(have map[string]string, lacks, want string) {
		t.Helper()
		_, err := c.person(have, Back{Now: evening})
		var r *Refusal
		if !errors.As(err, &r) || r.Why != Incomplete || Lacks(err) != lacks || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, lacks %q", have, err, Lacks(err))
		}
	}
	f(map[string]string{"verified": "true"}, "ci", "claim ci")
	f(map[string]string{"ci": "x"}, "verified", "claim verified")
	f(map[string]string{"ci": "x", "verified": "true"}, "birthdate", "not given")
	f(map[string]string{"ci": "x", "verified": "true", "birthdate": "0000-13-40"}, "", "none that there is")
}

func TestClaimsAreReadAsWhatTheyAreAndBounded(t *testing.T) {
	a, err := readAnswers([]byte(`{"text":"a\u00e9","number":12,"yes":true,"null":null,"list":["a"],"object":{"in":"x"},"empty":"",
		"long":"` + strings.Repeat("x", maxClaim+1) + `","fits":"` + strings.Repeat("x", maxClaim) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"text": "aé", "number": "12", "yes": "true", "null": "", "list": "", "object": "", "empty": "", "long": "", "absent": "",
		"fits": strings.Repeat("x", maxClaim),
	} {
		if got := a.text(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if in := a.within("object"); in.text("in") != "x" || a.within("list") != nil || a.within("absent") != nil {
		t.Error("what is within is not found")
	}
	for _, bad := range []string{"", "null", "[]", `"x"`, `{"a":"` + "\xff" + `"}`, `{"a":1`} {
		if _, err := readAnswers([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestWhatTheTokenSaysComesBeforeTheProfile(t *testing.T) {
	c := complete(t, func(c *Config) {
		c.Groups, c.Claims, c.Person = []string{"priority"}, map[string]string{"priority": "https://a.example/group"}, []string{"iss", "sub", "ci"}
	})
	have := map[string]string{"iss": "i", "sub": "s"}
	c.gather(have, answers{"https://a.example/group": []byte(`"token"`), "sub": []byte(`"another"`), "iss": []byte(`"another"`)})
	c.gather(have, answers{"https://a.example/group": []byte(`"profile"`), "ci": []byte(`"c"`), "sub": []byte(`"another"`)})
	p, err := c.person(have, Back{})
	if err != nil || p.Claims["priority"] != "token" || have["sub"] != "s" || have["iss"] != "i" || have["ci"] != "c" {
		t.Errorf("%+v of %v, %v", p, have, err)
	}
}

func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{"id":12,"kakao_account":{"birthday":"0312","birthday_type":"SOLAR","ci":"c"}}`, `{"resultcode":"00","response":{"birthday":"03-12","ci":"c"}}`,
		`{"sub":"s","birthdate":"1990-03-12","ci":"c"}`, `{"sub":{"sub":1},"ci":["c"]}`, `{"ci":"\ud800"}`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	c := complete(f, func(c *Config) { c.Person, c.Groups, c.Birthday = []string{"ci"}, []string{"group"}, true })
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := readAnswers(body)
		if err != nil {
			return
		}
		for _, kind := range []string{"oidc", "kakao", "naver"} {
			claims, _ := unfold(kind, all)
			have := map[string]string{}
			c.gather(have, claims)
			p, err := c.person(have, Back{Now: evening})
			if err == nil && (len(p.Key) < 5 || len(p.Key) > maxClaim+8 || len(p.Claims) > 1 || p.Digit < -1 || p.Digit > 9) {
				t.Errorf("%s: %+v", kind, p)
			}
		}
	})
}
