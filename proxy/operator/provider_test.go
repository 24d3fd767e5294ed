package operator

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"

	"waitroom/proxy/lights"
	"waitroom/queue"
	"waitroom/queue/memory"
	"waitroom/token/identity"
	"waitroom/token/identity/light"
)

// providing is a real board with two providers, on a store of its own, and its clock.
func providing(t *testing.T) (*lights.Board, *int64) {
	t.Helper()
	now := int64(1628766000e6)
	store, err := memory.Open(memory.Options{Dir: t.TempDir(), Now: func() int64 { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	tallies, err := store.Tallies()
	if err != nil {
		t.Fatal(err)
	}
	b := lights.New(tallies, zap.NewNop())
	b.Configure([]lights.Provider{{Name: "kakao"}, {Name: "naver"}})
	b.Exchange(context.Background())
	return b, &now
}

func TestProvidersAreShownWithTheirLightAndTheirLastMinute(t *testing.T) {
	b, now := providing(t)
	g := open(t, func(o *Options) { o.Providers = b })
	for range 3 {
		for range 50 {
			b.Started("kakao")
			b.Returned("kakao", 0, identity.Unavailable)
			b.Started("naver")
			b.Returned("naver", 12e9, "")
			b.Asking("naver")
			b.Asked("naver", 250e6, true)
		}
		b.Exchange(context.Background())
		*now += light.SlotLength
	}
	b.Exchange(context.Background())
	got := read[ProviderStates](t, g.want(200, "GET", "/api/providers", ""))
	if got.Stale || len(got.Providers) != 2 || got.Providers[0].Light != "down" || got.Providers[1].Light != "smooth" {
		t.Fatalf("%+v", got)
	}
	m := got.Providers[1].LastMinute
	if m.Started != 150 || m.Verified != 150 || *m.ReturnSeconds != 12 || *m.AskSeconds != 0.25 {
		t.Errorf("%+v", m)
	}
	if m := got.Providers[0].LastMinute; m.Unavailable != 150 || m.ReturnSeconds != nil || m.AskSeconds != nil {
		t.Errorf("%+v", m)
	}
	if one := read[ProviderState](t, g.want(200, "GET", "/api/providers/kakao", "")); one.Name != "kakao" || one.Light != "down" {
		t.Errorf("%+v", one)
	}
}

func TestAProviderIsPausedAndResumed(t *testing.T) {
	b, _ := providing(t)
	g := open(t, func(o *Options) { o.Providers = b })
	patch := func(body string) string {
		t.Helper()
		answer, text := g.do(request{"PATCH", "/api/providers/kakao", body, func(r *http.Request) { r.Header.Set(NameHeader, "kim") }})
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", answer.StatusCode, text)
		}
		return text
	}
	if answer := patch(`{"paused":true}`); !strings.Contains(answer, `"paused":true,"paused_set_by":"kim@127.0.0.1","paused_set_at":"2021-08-12T`) {
		t.Error(answer)
	}
	if !b.Paused("kakao") || b.Paused("naver") {
		t.Error("the board does not know")
	}
	if answer := patch(`{}`); !strings.Contains(answer, `"paused":true`) {
		t.Error(answer)
	}
	if answer := patch(`{"paused":false}`); !strings.Contains(answer, `"paused":false,"paused_set_by":"kim@127.0.0.1"`) || b.Paused("kakao") {
		t.Error(answer)
	}
}

func TestAWrongChangeOfAProviderChangesNothing(t *testing.T) {
	b, _ := providing(t)
	g := open(t, func(o *Options) { o.Providers = b })
	f := func(method, path, body string, want int, says string) {
		t.Helper()
		if text := g.want(want, method, path, body); !strings.Contains(text, says) {
			t.Errorf("%s %s %s: %s", method, path, body, text)
		}
	}
	f("PATCH", "/api/providers/kakao", `{"paused":"yes"}`, 400, "paused must be true or false")
	f("PATCH", "/api/providers/kakao", `{"rate":"1/h"}`, 400, "there is no field")
	f("PATCH", "/api/providers/kakao", `{"paused":true,"paused":true}`, 400, "twice")
	f("PATCH", "/api/providers/google", `{"paused":true}`, 404, "there is kakao, naver")
	f("DELETE", "/api/providers/kakao", ``, 405, "use GET or PATCH")
	if b.Paused("kakao") {
		t.Error("it is paused")
	}
}

// awayStore answers nothing.
type awayStore struct{}

func (awayStore) Tally(context.Context, []queue.Counted, queue.Ask) (queue.Tallied, error) {
	return queue.Tallied{}, queue.ErrAway
}

func (awayStore) Switch(context.Context, string, bool, string) (queue.Switch, error) {
	return queue.Switch{}, errors.Join(errors.New("no route"), queue.ErrAway)
}

func TestAPauseThatTheStoreDoesNotTakeIsTold(t *testing.T) {
	b := lights.New(awayStore{}, zap.NewNop())
	b.Configure([]lights.Provider{{Name: "kakao"}})
	g := open(t, func(o *Options) { o.Providers = b })
	if text := g.want(503, "PATCH", "/api/providers/kakao", `{"paused":true}`); !strings.Contains(text, "store-away") || b.Paused("kakao") {
		t.Error(text)
	}
}

func TestWithoutProvidersThereIsAnEmptyList(t *testing.T) {
	g := open(t, nil)
	if text := g.want(200, "GET", "/api/providers", ""); strings.TrimSpace(text) != `{"stale":false,"providers":[]}` {
		t.Error(text)
	}
	if text := g.want(404, "GET", "/api/providers/kakao", ""); !strings.Contains(text, "there is none") {
		t.Error(text)
	}
}
