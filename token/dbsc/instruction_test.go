package dbsc

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheFieldsAreAsTheDraftHasThem(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(Offer("/reg", "cv"), `(ES256);path="/reg";challenge="cv"`)
	f(Challenge("cv", "id"), `"cv";id="id"`)
	f(string(End("id")), `{"session_identifier":"id","continue":false}`)
	if offer := strings.ToLower(Offer("/reg", "cv")); strings.Contains(offer, "none") || strings.Contains(offer, "rs256") {
		t.Errorf("more is offered than ES256: %s", offer)
	}
}

func TestAnInstructionSaysWhatIsBound(t *testing.T) {
	s := newSigner(t)
	i := Instruction{
		Session: Session{"pass", s.key}, Refresh: "/refresh", Exclude: []string{"/static/"}, Cookie: "__Host-c", Attributes: "Path=/; Secure",
	}
	var got any
	if err := json.Unmarshal(i.JSON(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"session_identifier": "pass." + s.key.String(), "refresh_url": "/refresh",
		"scope": map[string]any{
			"include_site": false, "scope_specification": []any{map[string]any{"type": "exclude", "path": "/static/"}},
		},
		"credentials": []any{map[string]any{"type": "cookie", "name": "__Host-c", "attributes": "Path=/; Secure"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
