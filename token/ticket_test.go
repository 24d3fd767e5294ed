package token

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestATicketIsReadAsItWasWritten(t *testing.T) {
	keys := testKeys(t)
	f := func(change func(*Ticket)) {
		t.Helper()
		want := testTicket(t)
		change(&want)
		raw := keys.AppendTicket([]byte("before "), &want)
		if !strings.HasPrefix(string(raw), "before ") {
			t.Fatalf("what was in dst is gone: %q", raw)
		}
		got, err := keys.ReadTicket(raw[len("before "):], want.Room, noon)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v, (-written +read):\n%s", err, diff)
		}
	}
	f(func(*Ticket) {})
	f(func(t *Ticket) { t.Drawn, t.Opening, t.Place = true, noon, 0 })
	f(func(t *Ticket) { t.Stamped = true })
	f(func(t *Ticket) { t.App, t.Device = true, Device{} })
	f(func(t *Ticket) { t.Drawn, t.Opening, t.Stamped, t.App, t.Place = true, 2, true, true, 0 })
	f(func(t *Ticket) { t.Number = 0 })
	f(func(t *Ticket) { t.Position = 4711 })
	f(func(t *Ticket) { t.Place = 0 })
	f(func(t *Ticket) { t.Place, t.Number = maxNumber, maxNumber })
	f(func(t *Ticket) { t.Epoch = "" })
	f(func(t *Ticket) { t.Epoch = strings.Repeat("e", maxText) })
	f(func(t *Ticket) { t.Room = strings.Repeat("r", maxRoom) })
	f(func(t *Ticket) { t.Device.Browser = math.MaxUint64 })
	f(func(t *Ticket) { t.Subject, t.Held = [16]byte{1}, 1 })
	f(func(t *Ticket) { t.Subject, t.Held, t.Facts = [16]byte{15: 1}, maxNumber, maxNumber })
}

func TestAnyTicketSurvivesTheJourney(t *testing.T) {
	keys := testKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		now := rapid.Int64Range(0, maxNumber/second-1).Draw(t, "now") * second
		want := Ticket{
			Room:     rapid.StringMatching(`[a-z0-9-]{1,32}`).Draw(t, "room"),
			Drawn:    rapid.Bool().Draw(t, "drawn"),
			Stamped:  rapid.Bool().Draw(t, "stamped"),
			App:      rapid.Bool().Draw(t, "app"),
			Number:   rapid.Int64Range(0, maxNumber).Draw(t, "number"),
			Position: rapid.Int64Range(0, maxNumber).Draw(t, "position"),
			Epoch:    rapid.StringMatching(`[!#-\[\]-~]{0,128}`).Draw(t, "epoch"),
			Issued:   now, Expires: min(now+rapid.Int64Range(1, 366*86400).Draw(t, "life")*second, maxNumber/second*second),
		}
		if want.Drawn {
			want.Opening = rapid.Int64Range(2, maxNumber).Draw(t, "opening")
		} else {
			want.Place = rapid.Int64Range(0, maxNumber).Draw(t, "place")
		}
		copy(want.ID[:], rapid.SliceOfN(rapid.Byte(), 12, 12).Draw(t, "id"))
		copy(want.Device.ID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "device"))
		want.Device.Browser = rapid.Uint64().Draw(t, "browser")
		if rapid.Bool().Draw(t, "person") {
			copy(want.Subject[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "subject"))
			want.Subject[0] |= 1
			want.Held = rapid.Int64Range(1, maxNumber).Draw(t, "held")
			want.Facts = rapid.Int64Range(0, maxNumber).Draw(t, "facts")
		}
		raw := keys.AppendTicket(nil, &want)
		got, err := keys.ReadTicket(raw, want.Room, now)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v, (-written +read):\n%s", err, diff)
		}
		if len(raw) > MaxLength/2 {
			t.Fatalf("a ticket of %d bytes", len(raw))
		}
	})
}

func TestATicketIsGoodFromIssueToExpiryToTheMicrosecond(t *testing.T) {
	keys := testKeys(t)
	f := func(issued, expires, now int64, want error) {
		t.Helper()
		ticket := testTicket(t)
		ticket.Issued, ticket.Expires = issued, expires
		_, err := keys.ReadTicket(keys.AppendTicket(nil, &ticket), "booking", now)
		if !errors.Is(err, want) {
			t.Fatalf("issued %d, expires %d, read at %d: %v, want %v", issued-noon, expires-noon, now-noon, err, want)
		}
	}
	f(noon, noon+10*second, noon, nil)
	f(noon, noon+10*second, noon+10*second-1, nil)
	f(noon, noon+10*second, noon+10*second, ErrExpired)
	f(noon, noon+10*second+999_999, noon+10*second-1, nil) // rounded down, never up
	f(noon, noon+10*second+999_999, noon+10*second, ErrExpired)
	f(noon+999_999, noon+10*second, noon, nil)          // another gateway's clock is a little ahead
	f(noon, noon+10*second, noon-5*second, nil)         // so much ahead is still believed
	f(noon, noon+10*second, noon-5*second-1, ErrNotYet) // and no more
	f(noon, noon, noon, ErrExpired)
	f(noon, 0, noon, ErrExpired) // nobody said until when: until never
	f(noon, noon+1000*24*3600*second, noon+maxLife-1, nil)
	f(noon, noon+1000*24*3600*second, noon+maxLife, ErrExpired) // no signature is good for longer than a year
}

func TestAnythingWrongWithATicketGivesNoTicket(t *testing.T) {
	keys := testKeys(t)
	ticket := testTicket(t)
	raw := keys.AppendTicket(nil, &ticket)
	f := func(room string, now int64, want error) {
		t.Helper()
		got, err := keys.ReadTicket(raw, room, now)
		if diff := cmp.Diff(Ticket{}, got); !errors.Is(err, want) || diff != "" {
			t.Fatalf("%v, want %v; %s", err, want, diff)
		}
	}
	f("other", noon, ErrForeign)
	f("booking2", noon, ErrForeign)
	f("", noon, ErrForeign)
	f("booking", ticket.Expires, ErrExpired)
	f("booking", noon-6*second, ErrNotYet)
}

func TestEverySingleChangeOfATicketIsNoticed(t *testing.T) {
	keys := testKeys(t)
	ticket := testTicket(t)
	raw := keys.AppendTicket(nil, &ticket)
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			if _, err := keys.ReadTicket(raw, "booking", noon); err == nil {
				t.Fatalf("bit %d of byte %d changed, and nobody noticed: %s", bit, i, raw)
			}
			raw[i] ^= 1 << bit
		}
	}
	for i := range raw {
		if _, err := keys.ReadTicket(raw[:i], "booking", noon); err == nil {
			t.Fatalf("cut to %d bytes, and nobody noticed", i)
		}
	}
}

func TestATicketThatCannotBeWrittenIsABug(t *testing.T) {
	keys := testKeys(t)
	f := func(change func(*Ticket)) {
		t.Helper()
		defer func() {
			if text, _ := recover().(string); !strings.HasPrefix(text, "BUG: ") {
				t.Fatalf("no panic that says BUG, but %q", text)
			}
		}()
		ticket := testTicket(t)
		change(&ticket)
		keys.AppendTicket(nil, &ticket)
	}
	f(func(t *Ticket) { t.Room = "" })
	f(func(t *Ticket) { t.Room = "Booking" })
	f(func(t *Ticket) { t.Room = `a","admin":"` })
	f(func(t *Ticket) { t.Room = strings.Repeat("r", maxRoom+1) })
	f(func(t *Ticket) { t.Epoch = `a"b` })
	f(func(t *Ticket) { t.Epoch = "a\\b" })
	f(func(t *Ticket) { t.Epoch = "a\nb" })
	f(func(t *Ticket) { t.Epoch = "백신" })
	f(func(t *Ticket) { t.Epoch = strings.Repeat("e", maxText+1) })
	f(func(t *Ticket) { t.Place = -1 })
	f(func(t *Ticket) { t.Place = maxNumber + 1 })
	f(func(t *Ticket) { t.Number = -1 })
	f(func(t *Ticket) { t.Position = -1 })
}

func TestEpochsAreKeptWithoutEnd(t *testing.T) {
	keys := testKeys(t)
	for i := range 3 * maxInterned {
		ticket := testTicket(t)
		ticket.Epoch = strings.Repeat("e", 1+i%100) + string(rune('a'+i%26))
		got, err := keys.ReadTicket(keys.AppendTicket(nil, &ticket), "booking", noon)
		if err != nil || got.Epoch != ticket.Epoch {
			t.Fatalf("epoch %q read as %q, %v", ticket.Epoch, got.Epoch, err)
		}
		if kept := len(*keys.epochs.texts.Load()); kept > maxInterned {
			t.Fatalf("%d epochs are kept, at most %d were meant", kept, maxInterned)
		}
	}
}
