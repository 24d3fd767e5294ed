package main

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"waitroom/config"
	"waitroom/queue/memory"
)

const daily = `
eligibility:
  zone: UTC
  windows: [{kind: everyone, first: 2000-01-01, last: 2000-01-03, opens: "20:00", closes: "18:00"}]
`

// roomOf is the room of some lines of configuration.
func roomOf(t *testing.T, lines string) *config.Room {
	t.Helper()
	text := "rooms:\n  - {name: booking, backend: \"http://127.0.0.1:9\", rate: 1/s}\n"
	if lines != "" {
		text = "rooms:\n  - name: booking\n    backend: http://127.0.0.1:9\n    rate: 1/s\n"
		for line := range strings.Lines(strings.TrimPrefix(lines, "\n")) {
			text += "    " + line
		}
	}
	c, err := config.Parse("waitroom.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &c.Rooms[0]
}

// gatewayRoom is one gateway's line of a room, with its openings followed.
func gatewayRoom(t *testing.T, room *config.Room) (*memory.Line, *openings) {
	t.Helper()
	store, err := memory.Open(memory.Options{Dir: t.TempDir(), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := eligibility(room)
	if err != nil {
		t.Fatal(err)
	}
	line, err := store.Room("booking", withOpening(rules(room), s, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := line.Refresh(t.Context()); err != nil { // from then on a view knows the time
		t.Fatal(err)
	}
	o := followOpenings(line)
	o.follow(rules(room), s)
	t.Cleanup(func() {
		o.stop()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return line, o
}

// three are windows of 22 minutes each, with 8 between.
const three = `
eligibility:
  zone: UTC
  windows:
    - {kind: everyone, from: 2000-01-01T00:20, until: 2000-01-01T00:42}
    - {kind: everyone, from: 2000-01-01T00:50, until: 2000-01-01T01:12}
    - {kind: everyone, from: 2000-01-01T01:20, until: 2000-01-01T01:42}
`

func TestARoomOpensAndClosesByItsWindowsOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where it is the midnight with which 2000 began
		midnight := time.Now()
		time.Sleep(300 * time.Millisecond) // so that no look at the clock falls on a minute by itself
		line, _ := gatewayRoom(t, roomOf(t, three))
		f := func(after time.Duration, opens, closes time.Duration, open bool) {
			t.Helper()
			time.Sleep(time.Until(midnight.Add(after)))
			synctest.Wait()
			r, now := line.Rules(), time.Now().UnixMicro()
			if r.OpensAt != midnight.Add(opens).UnixMicro() || r.ClosesAt != midnight.Add(closes).UnixMicro() || r.Open(now) != open {
				t.Errorf("after %v: opens %v, closes %v, open %v", after, time.UnixMicro(r.OpensAt).UTC(), time.UnixMicro(r.ClosesAt).UTC(), r.Open(now))
			}
		}
		const m = time.Minute
		f(time.Second, 20*m, 42*m, false)
		f(20*m-time.Microsecond, 20*m, 42*m, false)
		f(20*m, 20*m, 42*m, true)
		f(42*m-time.Microsecond, 20*m, 42*m, true)
		f(42*m, 50*m, 72*m, false) // at once, not at the next look
		f(51*m, 50*m, 72*m, true)
		f(72*m, 80*m, 102*m, false)
		f(102*m, 80*m, 102*m, false) // for good
		f(120*m, 80*m, 102*m, false)
	})
}

// The store's clock alone counts, also where somebody sets it: not this machine's, which shows another year.
func TestTheOpeningFollowsTheStoresClockForthAndBack(t *testing.T) {
	var now atomic.Int64
	midnight := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	store, err := memory.Open(memory.Options{Dir: t.TempDir(), NoSync: true, Now: now.Load})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	room := roomOf(t, three)
	s, err := eligibility(room)
	if err != nil {
		t.Fatal(err)
	}
	line, err := store.Room("booking", withOpening(rules(room), s, 0))
	if err != nil {
		t.Fatal(err)
	}
	o := &openings{line: line, changed: make(chan struct{}, 1)}
	o.follow(rules(room), s)
	f := func(minutes, opens time.Duration) {
		t.Helper()
		now.Store(midnight.Add(minutes * time.Minute).UnixMicro())
		if err := line.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if wait := o.step(); wait <= 0 || wait > openingsEvery {
			t.Errorf("waits %v", wait)
		}
		if r := line.Rules(); r.OpensAt != midnight.Add(opens*time.Minute).UnixMicro() {
			t.Errorf("at minute %d it opens at %v", minutes, time.UnixMicro(r.OpensAt).UTC())
		}
	}
	f(0, 20)
	f(43, 50)
	f(30, 20) // set back into the first window
	f(100, 80)
	f(-60*24*365, 20)
	f(60*24*365, 80)
}

func TestAChangedConfigurationChangesTheOpeningsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, o := gatewayRoom(t, roomOf(t, daily))
		f := func(lines string, opens, closes string) {
			t.Helper()
			room := roomOf(t, lines)
			s, err := eligibility(room)
			if err != nil {
				t.Fatal(err)
			}
			o.follow(rules(room), s)
			instant := func(us int64) string {
				if us == 0 {
					return ""
				}
				return time.UnixMicro(us).UTC().Format("02T15:04")
			}
			check := func(when string) {
				t.Helper()
				if r := line.Rules(); instant(r.OpensAt) != opens || instant(r.ClosesAt) != closes {
					t.Errorf("%s: opens %s, closes %s", when, instant(r.OpensAt), instant(r.ClosesAt))
				}
			}
			check("at once")
			time.Sleep(3 * openingsEvery)
			synctest.Wait()
			check("later")
		}
		f(strings.ReplaceAll(daily, "20:00", "21:00"), "01T21:00", "02T18:00")
		f(strings.ReplaceAll(daily, "UTC", "Asia/Seoul"), "01T11:00", "02T09:00")
		f(daily+"opens_at: 2000-01-01T22:00:00Z\ncloses_at: 2000-01-02T03:00:00Z\n", "01T22:00", "02T03:00")
		f(daily+"opens_at: 2000-01-02T19:00:00Z\n", "02T20:00", "03T18:00")
		f("", "", "") // without windows
		f(daily, "01T20:00", "02T18:00")
	})
}

func TestWindowsOutsideOfTheRoomsHoursAreRefused(t *testing.T) {
	_, err := eligibility(roomOf(t, daily+"opens_at: 2001-01-01T00:00:00Z\n"))
	if err == nil || !strings.Contains(err.Error(), "no window is on between the opening and the closing of the room") {
		t.Errorf("got %v", err)
	}
}

func TestTheQuotaIsThatOfTheConfiguration(t *testing.T) {
	room := roomOf(t, strings.Replace(daily, "zone: UTC", "zone: UTC\n  quota: 1,900,000", 1))
	if r := rules(room); r.Quota != 1_900_000 {
		t.Errorf("got %d", r.Quota)
	}
}
