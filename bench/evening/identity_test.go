package evening_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/bench/provider"
)

// verifying is a gateway whose room opens in two days, by rotation, with one provider that is there and one that is not.
type verifying struct {
	*gateway.Gateway
	// mine is somebody of the first day, yours somebody of another.
	mine, yours int
}

func verify(t *testing.T) *verifying {
	t.Helper()
	seoul := time.FixedZone("KST", 9*3600)
	first := time.Now().In(seoul).AddDate(0, 0, 2)
	v := &verifying{mine: first.Day()%10 + 10}
	for day := first; v.yours%10 == v.mine%10 || v.yours == 0; day = day.AddDate(0, 0, 1) {
		v.yours = day.Day()%10 + 10
	}
	day := func(t time.Time) string { return t.Format("2006-01-02") }
	there, stop, err := provider.Serve("127.0.0.1:0", provider.Config{Korean: "가나", English: "There", ClientID: "waitroom", ClientSecret: "secret", Persons: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	v.Gateway = gateway.Start(t, gateway.Options{
		Binary: binary, Backend: canary.Start(t).URL,
		Top: map[string]string{"identity": fmt.Sprintf(`{origin: "$URL", providers: [`+
			`{name: there, label: {ko: 가나, en: There}, issuer: "%s", client_id: waitroom, client_secret: secret, algorithms: [ES256]}, `+
			`{name: gone, label: {ko: 다라, en: Gone}, issuer: "http://127.0.0.1:1", client_id: waitroom, client_secret: secret}]}`, there.Issuer())},
		Room: map[string]string{
			"identity": "required", "device_lock": "10m",
			"eligibility": fmt.Sprintf(`{zone: Asia/Seoul, windows: [{kind: rotation, first: %s, last: %s, opens: "20:00", closes: "18:00"}]}`,
				day(first), day(first.AddDate(0, 0, 9))),
		},
	})
	return v
}

// as verifies somebody in a tab, from the choice on.
func (v *verifying) as(t *testing.T, tab *browser.Tab, person int) {
	t.Helper()
	tab.Run(`document.querySelector('.card:not([hidden]) [data-provider=there]').click()`, nil)
	reads(t, tab, "누구로 확인할까요")
	tab.Run(fmt.Sprintf(`document.querySelector('a[href*="person=%d"]').click()`, person), nil)
}

// reads waits until people read something in the tab.
func reads(t *testing.T, tab *browser.Tab, wants ...string) {
	t.Helper()
	var text string
	gateway.Until(t, fmt.Sprint(wants), 20*time.Second, func() bool {
		if tab.Try(`document.body.innerText`, &text) != nil {
			return false
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				return false
			}
		}
		return true
	})
}

// TestPeopleAreLedThroughTheirVerification walks every page around identity in Chromium, against the real program and a provider.
func TestPeopleAreLedThroughTheirVerification(t *testing.T) {
	t.Parallel()
	v := verify(t)
	open := func() *browser.Tab {
		t.Helper()
		tab := windows.chromium(t).Open(t, browser.Options{})
		tab.Send(map[string]string{"Accept-Language": "ko"})
		tab.Goto(v.URL + "/book?a=1")
		reads(t, tab, "지금 미리 본인 확인을 해 두십시오", "시작까지 남은 시간", "가나", "다라")
		return tab
	}
	at := func(tab *browser.Tab, want string) {
		t.Helper()
		var address string
		if tab.Run(`location.pathname + location.search`, &address); address != want {
			t.Errorf("the address is %s, want %s", address, want)
		}
	}

	first := open()
	v.as(t, first, v.mine)
	waits(t, first)
	reads(t, first, "아직 시작 전입니다")
	at(first, "/book?a=1")

	second := open()
	v.as(t, second, v.mine)
	reads(t, second, "다른 기기에서 이미 확인하셨습니다", "옮길 수 있을 때까지", "Chrome")
	at(second, "/book?a=1")

	third := open()
	third.Run(`document.querySelector('.card:not([hidden]) [data-provider=there]').click()`, nil)
	reads(t, third, "누구로 확인할까요")
	third.Run(`document.querySelector('.cancel').click()`, nil)
	reads(t, third, "본인 확인이 취소되었습니다", "가나")
	third.Run(`document.querySelector('.card:not([hidden]) [data-provider=gone]').click()`, nil)
	reads(t, third, "확인 기관이 응답하지 않았습니다", "고르신 방법", "다라")
	v.as(t, third, v.yours)
	reads(t, third, "신청하실 수 있는 때", "출생일의 끝자리", fmt.Sprint(v.yours%10))
	at(third, "/book?a=1")
	var calendar string
	third.Run(`fetch(document.querySelector('[href$="window.ics"]').href).then(r => r.text())`, &calendar)
	if !strings.HasPrefix(calendar, "BEGIN:VCALENDAR") || !strings.Contains(calendar, "T110000Z") {
		t.Errorf("the calendar file is %q", calendar)
	}
}
