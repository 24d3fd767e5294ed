package load_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/bench/load"
	"waitroom/bench/provider"
	"waitroom/queue/redis/redistest"
)

// providing runs a provider, and is what the gateway's configuration says of it.
func providing(t *testing.T, name string) (*provider.Provider, string) {
	t.Helper()
	p, stop, err := provider.Serve("127.0.0.1:0", provider.Config{Korean: name, English: name, ClientID: "booking", ClientSecret: "booking"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return p, fmt.Sprintf(`{name: %s, issuer: "%s", client_id: booking, client_secret: booking, algorithms: [ES256], app_redirects: ["kr.example.app:/login"]}`, name, p.Issuer())
}

func TestARushOfPeopleWhoSayFirstWhoTheyAre(t *testing.T) {
	kakao, one := providing(t, "kakao")
	_, two := providing(t, "naver")
	kakao.Turn(func(k *provider.Knobs) { k.Down = true })
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	// It is the turn of one digit, from three hours ago on.
	day := time.Now().In(seoul).Add(-3 * time.Hour)
	turn := fmt.Sprintf(`{kind: rotation, first: %[1]s, last: %[1]s, opens: "%[2]s", closes: "%[2]s"}`, day.Format("2006-01-02"), day.Format("15:04"))
	turn = strings.Replace(turn, `closes: "`+day.Format("15:04"), `closes: "`+day.Add(-time.Minute).Format("15:04"), 1)
	g := gateway.Start(t, gateway.Options{
		Binary: binary, Backend: canary.Start(t).URL, Redis: redistest.Start(t),
		Top:  map[string]string{"identity": "{origin: http://127.0.0.1:1, providers: [" + one + ", " + two + "]}"},
		Room: map[string]string{"rate": "3,600,000/h", "burst": "20", "identity": "required", "eligibility": "{zone: Asia/Seoul, windows: [" + turn + "]}"},
	})
	r := played(t, load.Plan{
		Target: g.URL, Visitors: 300, Within: time.Second, RatePerHour: 3_600_000, Burst: 20, Connections: 16, For: 2 * time.Minute, Stay: true, Browse: 1,
		Identity: &load.Identity{
			Providers: []load.Share{{Name: "kakao", Share: 0.1}, {Name: "naver", Share: 0.9}}, Takes: 20 * time.Millisecond,
			Second: 0.3, OtherDay: 0.2, Digit: day.Day() % 10,
		},
	})
	id := r.Identity
	if r.Ended != load.Through || r.Wrong.Sum() != 0 || len(r.Failures) != 0 || id == nil {
		t.Fatalf("%s; %+v; %v", r.Ended, r.Wrong, r.Failures)
	}
	if id.Verified != 300 || r.Joined+id.Refused["device-conflict"]+id.Refused["not-eligible"] != 300 {
		t.Errorf("%d joined; %+v", r.Joined, id)
	}
	if id.Refused["device-conflict"] == 0 || id.Refused["not-eligible"] == 0 || r.Entered != r.Joined || id.PerEntry < 1.5 {
		t.Errorf("%d entered; %+v", r.Entered, id)
	}
	// Who found the one dead went to the other.
	if k, n := id.Providers[0], id.Providers[1]; k.Verified != 0 || k.PageFailed+k.Failed == 0 || n.Verified != 300 {
		t.Errorf("%+v", id.Providers)
	}
}
