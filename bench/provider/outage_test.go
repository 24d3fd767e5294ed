package provider_test

import (
	"bytes"
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/provider"
	"waitroom/token/identity"
)

func TestAProviderThatIsDownKeepsNobodyFromStartingAndComesBack(t *testing.T) {
	p := newPair(t, nil)
	p.demo.Turn(func(k *provider.Knobs) { k.Down = true })
	_, _, err := p.Begin(t.Context(), identity.Start{Now: p.clock.now()})
	refused(t, "down from the start", err, identity.Unavailable)
	p.demo.Turn(func(k *provider.Knobs) { k.Down = false })
	_, _, err = p.Begin(t.Context(), identity.Start{Now: p.clock.now()})
	refused(t, "at once after", err, identity.Unavailable)
	p.clock.forward(time.Second) // for so long nobody asks again
	if who, err := p.verify("person=4"); err != nil || who.Digit != 4 {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestAProviderThatFailsIsLeftAloneAndTriedByOne(t *testing.T) {
	p := newPair(t, func(c *identity.Config) { c.Failures, c.Pause, c.Timeout = 3, 10*time.Second, time.Minute })
	if _, err := p.verify("person=1"); err != nil {
		t.Fatal(err)
	}
	p.demo.Turn(func(k *provider.Knobs) { k.Fail = 1 })
	for range 3 {
		_, err := p.verify("person=1")
		refused(t, "while it fails", err, identity.Unavailable)
	}
	exchanged := p.demo.Counts()
	h := p.Health()
	if !h.Broken || !h.Retry.Equal(p.clock.now().Add(10*time.Second)) {
		t.Errorf("after three failures: %+v", h)
	}
	_, _, err := p.Begin(t.Context(), identity.Start{Now: p.clock.now()})
	refused(t, "begun while it is left alone", err, identity.Busy)

	p.clock.forward(10 * time.Second)
	address, f := p.begin()
	back := p.choose(address, "person=1")
	_, err = p.Finish(t.Context(), f, back)
	refused(t, "the probe", err, identity.Unavailable)
	p.demo.Turn(func(k *provider.Knobs) { k.Fail = 0 })
	_, err = p.Finish(t.Context(), f, back)
	refused(t, "after the probe", err, identity.Busy)
	if now := p.demo.Counts(); now.Exchanged != exchanged.Exchanged {
		t.Errorf("it was asked all the same: %+v", now)
	}
	p.clock.forward(10 * time.Second)
	back.Now = p.clock.now()
	if _, err := p.Finish(t.Context(), f, back); err != nil {
		t.Errorf("the same answer, brought again when it is well: %v", err)
	}
	if h := p.Health(); h.Broken || h.Asking != 0 {
		t.Errorf("in the end: %+v", h)
	}
}

func TestWhatVisitorsMakeUpDoesNotSwitchTheProviderOff(t *testing.T) {
	p := newPair(t, func(c *identity.Config) { c.Failures = 3 })
	address, f := p.begin()
	back := p.choose(address, "cancel=1")
	back.Error = ""
	for _, code := range []string{"x", "y", "z", strings.Repeat("x", 2048), "'; --", "0"} {
		back.Code = code
		_, err := p.Finish(t.Context(), f, back)
		refused(t, "a code that does not exist", err, identity.Replayed)
	}
	for _, code := range []string{"", strings.Repeat("x", 2049), "x\r\ny", "한글"} {
		back.Code = code
		_, err := p.Finish(t.Context(), f, back)
		refused(t, "what is no code", err, identity.Forged)
	}
	other := f
	other.Provider = "another"
	_, err := p.Finish(t.Context(), other, back)
	refused(t, "a flow of another provider", err, identity.Mismatch)
	if _, err := p.verify("person=1"); err != nil || p.Health().Broken {
		t.Errorf("after all that: %v", err)
	}
}

func TestVerificationsDoNotPileUp(t *testing.T) {
	p := newPair(t, func(c *identity.Config) { c.MaxConcurrent, c.Failures = 3, 1 })
	address, f := p.begin()
	back := p.choose(address, "person=1")
	p.demo.Turn(func(k *provider.Knobs) { k.Trickle = true })
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { _, _ = p.Finish(ctx, f, back) })
	}
	for p.Health().Asking < 3 {
		runtime.Gosched()
	}
	_, err := p.Finish(t.Context(), f, back)
	refused(t, "the fourth", err, identity.Busy)
	cancel()
	all.Wait()
	if h := p.Health(); h.Broken || h.Asking != 0 {
		t.Errorf("visitors who went away: %+v", h)
	}
}

func TestClosingBreaksOffWhatIsUnderWay(t *testing.T) {
	p := newPair(t, func(c *identity.Config) { c.Timeout = time.Hour })
	address, f := p.begin()
	back := p.choose(address, "person=1")
	p.demo.Turn(func(k *provider.Knobs) { k.Trickle = true })
	done := make(chan error)
	go func() {
		_, err := p.Finish(context.Background(), f, back)
		done <- err
	}()
	for p.Health().Asking < 1 {
		runtime.Gosched()
	}
	p.Close()
	refused(t, "closed", <-done, identity.Unavailable)
}

func TestSlowEndlessAndOddAnswersAreGivenUp(t *testing.T) {
	p := newPair(t, func(c *identity.Config) { c.Timeout, c.Failures = time.Minute, 1000 })
	hasty := p.config
	hasty.Timeout = time.Second
	q, err := identity.New(hasty)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	f := func(what string, by identity.Provider, turn func(*provider.Knobs)) {
		t.Helper()
		address, flow := p.begin()
		back := p.choose(address, "person=1")
		p.demo.Turn(turn)
		defer p.demo.Turn(func(k *provider.Knobs) { *k = provider.Knobs{} })
		_, err := by.Finish(t.Context(), flow, back)
		refused(t, what, err, identity.Unavailable)
	}
	f("a byte at a time", q, func(k *provider.Knobs) { k.Trickle = true })
	f("never", q, func(k *provider.Knobs) { k.Delay = time.Hour })
	f("without an end", p, func(k *provider.Knobs) { k.Flood = true })
	f("elsewhere", p, func(k *provider.Knobs) { k.Redirect = true })
	f("a page", p, func(k *provider.Knobs) { k.Text = true })
	f("failing", p, func(k *provider.Knobs) { k.Fail = 1 })
	f("the profile only", p, func(k *provider.Knobs) { k.Fail, k.Paths = 1, []string{"/userinfo"} })
}

func TestOddDescriptionsAndKeysAreGivenUp(t *testing.T) {
	for _, path := range []string{"/jwks", "/.well-known/openid-configuration"} {
		for what, turn := range map[string]func(*provider.Knobs){
			"endless": func(k *provider.Knobs) { k.Flood = true }, "a page": func(k *provider.Knobs) { k.Text = true },
			"elsewhere": func(k *provider.Knobs) { k.Redirect = true }, "failing": func(k *provider.Knobs) { k.Fail = 1 },
		} {
			p := newPair(t, func(c *identity.Config) { c.Timeout = time.Minute })
			p.demo.Turn(func(k *provider.Knobs) {
				k.Paths = []string{path}
				turn(k)
			})
			address, flow, err := p.Begin(t.Context(), identity.Start{Device: device, Now: p.clock.now()})
			if err == nil {
				_, err = p.Finish(t.Context(), flow, p.choose(address, "person=1"))
			}
			refused(t, path+" "+what, err, identity.Unavailable)
		}
	}
}

func TestWhatAProviderPublishesIsAskedForOnce(t *testing.T) {
	p := newPair(t, nil)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			if _, err := p.verify("person=" + string(rune('0'+n%10))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if c := p.demo.Counts(); c.Descriptions != 1 || c.Keys != 1 || c.Exchanged != 20 {
		t.Errorf("for 20 verifications: %+v", c)
	}
	// Tokens under keys that are not published do not make it ask over and over.
	p.demo.Turn(func(k *provider.Knobs) { k.Forge = provider.OwnKey })
	p.clock.forward(6 * time.Second)
	for range 5 {
		_, err := p.verify("person=1")
		refused(t, "an own key", err, identity.Forged)
	}
	if c := p.demo.Counts(); c.Keys != 2 {
		t.Errorf("for 5 tokens under unknown keys, the keys were fetched %d times more", c.Keys-1)
	}
}

func TestTheSameCIIsTheSamePersonAtEveryProvider(t *testing.T) {
	byCI := func(kind string) func(*identity.Config) {
		return func(c *identity.Config) { c.Person, c.Type = []string{"ci"}, kind }
	}
	var keys [][]byte
	for kind, path := range map[string]string{"oidc": "/userinfo", "kakao": "/v2/user/me", "naver": "/v1/nid/me"} {
		p := newPair(t, byCI(kind))
		c := p.config
		c.Profile = c.Issuer + path
		q, err := identity.New(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(q.Close)
		p.Provider = q
		who, err := p.verify("person=27")
		if err != nil || who.Digit != 7 || who.NoDigit != "" || who.Claims["priority_group"] != "y" {
			t.Errorf("%s: %+v, %v", kind, who, err)
		}
		keys = append(keys, who.Key)
		other, err := p.verify("person=28")
		if err != nil || bytes.Equal(other.Key, who.Key) || other.Digit != 8 || other.Claims != nil {
			t.Errorf("%s: another person: %+v, %v", kind, other, err)
		}
	}
	if !bytes.Equal(keys[0], keys[1]) || !bytes.Equal(keys[0], keys[2]) {
		t.Errorf("one person, by number: %q", keys)
	}
}

func TestALunarDayIsRefusedOnlyWhereTheDayIsRequired(t *testing.T) {
	lunar := func(c *provider.Config) { c.LunarEvery = 5 }
	p := newPair(t, nil, lunar)
	if who, err := p.verify("person=4"); err != nil || who.Digit != -1 || who.NoDigit != identity.Lunar {
		t.Errorf("%+v, %v", who, err)
	}
	p = newPair(t, func(c *identity.Config) { c.Required = []string{"birthdate"} }, lunar)
	_, err := p.verify("person=4")
	refused(t, "where it is required", err, identity.Lunar)
	if who, err := p.verify("person=3"); err != nil || who.Digit != 3 {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestNothingIsAskedForThatNobodyWants(t *testing.T) {
	p := newPair(t, func(c *identity.Config) { c.Birthday, c.Groups = false, nil })
	who, err := p.verify("person=4")
	if err != nil || who.Digit != -1 || len(who.Claims) != 0 {
		t.Errorf("%+v, %v", who, err)
	}
	if c := p.demo.Counts(); c.Profiles != 0 {
		t.Errorf("the profile was read %d times", c.Profiles)
	}
}

func TestASignedTokenIsGoodOnce(t *testing.T) {
	p := newPair(t, nil)
	c := p.config
	c.Type, c.Audience, c.Start, c.Keys = "signed", "waitroom", c.Issuer+"/start?shop=1", p.demo.PublicKeys()
	var err error
	if p.Provider, err = identity.New(c); err != nil {
		t.Fatal(err)
	}
	address, f := p.begin()
	back := p.choose(address, "person=7")
	if who, err := p.Finish(t.Context(), f, back); err != nil || who.Digit != 7 || who.Claims["priority_group"] != "y" {
		t.Fatalf("%+v, %v", who, err)
	}
	_, err = p.Finish(t.Context(), f, back)
	refused(t, "the second time", err, identity.Replayed)
	address, f = p.begin()
	back = p.choose(address, "person=7")
	back.Token = p.choose(address, "person=7").Token
	other, otherFlow := p.begin()
	stolen := p.choose(other, "person=8")
	_, err = p.Finish(t.Context(), f, identity.Back{State: back.State, Token: stolen.Token, Device: device, Now: p.clock.now()})
	refused(t, "another flow's token", err, identity.Forged)
	_, err = p.Finish(t.Context(), otherFlow, identity.Back{State: stolen.State, Error: "access_denied", Device: device, Now: p.clock.now()})
	refused(t, "broken off", err, identity.Canceled)
	p.clock.forward(7 * time.Minute) // the token is good for 5
	back.Now = p.clock.now()
	_, err = p.Finish(t.Context(), f, back)
	refused(t, "when it is over", err, identity.Forged)
}

func TestAPersonWhoBreaksOffIsToldApartFromAProviderThatDoes(t *testing.T) {
	p := newPair(t, nil)
	address, f := p.begin()
	_, err := p.Finish(t.Context(), f, p.choose(address, "cancel=1"))
	refused(t, "canceled", err, identity.Canceled)
	back := p.choose(address, "cancel=1")
	back.Error = "server_error"
	_, err = p.Finish(t.Context(), f, back)
	refused(t, "its page failed", err, identity.Unavailable)
	back.Error = "홍길동 1990-03-12"
	_, err = p.Finish(t.Context(), f, back)
	refused(t, "an error that is none", err, identity.Unavailable)
	if p.Health().Broken {
		t.Error("errors that visitors bring switch the provider off")
	}
}

func TestSeveralProvidersShareAnAddress(t *testing.T) {
	at := map[string]http.Handler{}
	address := serve(t, func(string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { at[strings.Split(r.URL.Path, "/")[1]].ServeHTTP(w, r) })
	})
	var keys []string
	for _, name := range []string{"slow", "quick"} {
		p := newPair(t, nil)
		at[name] = provider.New(provider.Config{Issuer: address + "/" + name, ClientID: "waitroom", Clock: p.clock.now})
		p.config.Issuer, p.config.ClientSecret = address+"/"+name, ""
		q, err := identity.New(p.config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(q.Close)
		p.Provider = q
		who, err := p.verify("person=7")
		if err != nil || who.Digit != 7 {
			t.Fatalf("%s: %+v, %v", name, who, err)
		}
		keys = append(keys, string(who.Key))
	}
	if keys[0] == keys[1] {
		t.Errorf("two accounts are one person: %q", keys)
	}
}

func TestThePageIsForPeople(t *testing.T) {
	p := newPair(t, nil, func(c *provider.Config) { c.LunarEvery = 5 })
	address, _ := p.begin()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(a.Body); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"데모로 본인 확인", "음력", "우선 대상", `lang="ko"`, `name="person"`} {
		if !bytes.Contains(body.Bytes(), []byte(want)) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if bytes.Contains(body.Bytes(), []byte("<script")) || a.StatusCode != http.StatusOK || body.Len() > 16<<10 {
		t.Errorf("status %d, %d bytes", a.StatusCode, body.Len())
	}
}
