package token

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestAPassIsReadAsItWasWritten(t *testing.T) {
	keys := testKeys(t)
	f := func(change func(*Pass)) {
		t.Helper()
		want := testPass(t)
		change(&want)
		raw := keys.AppendPass([]byte("before "), &want)
		if !strings.HasPrefix(string(raw), "before ") {
			t.Fatalf("what was in dst is gone: %q", raw)
		}
		raw = raw[len("before "):]
		for _, when := range []string{"first", "again, remembered"} {
			got, err := keys.ReadPass(raw, want.Room, want.Entry)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Fatalf("%s: %v, (-written +read):\n%s", when, err, diff)
			}
		}
	}
	f(func(*Pass) {})
	f(func(p *Pass) { p.Subject = "" })
	f(func(p *Pass) { p.Subject = strings.Repeat("s", maxText) })
	f(func(p *Pass) { p.Entry = noon + 1 })
	f(func(p *Pass) { p.Entry = noon - 123_456 })
	f(func(p *Pass) { p.Gen = Generation{Number: 12, Tag: 1} })
	f(func(p *Pass) { p.Device = Device{} })
}

func TestAnyPassSurvivesTheJourney(t *testing.T) {
	keys := testKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		issued := rapid.Int64Range(0, maxNumber/second-800*86400).Draw(t, "issued") * second
		want := Pass{
			Room:    rapid.StringMatching(`[a-z0-9-]{1,32}`).Draw(t, "room"),
			Subject: rapid.StringMatching(`[A-Za-z0-9_-]{0,128}`).Draw(t, "subject"),
			Gen: Generation{
				Number: rapid.Int64Range(0, maxNumber>>tagBits).Draw(t, "gen"), Tag: rapid.Uint32Range(0, 1<<tagBits-1).Draw(t, "tag"),
				Parent: rapid.Uint32Range(0, 1<<tagBits-1).Draw(t, "parent"), Grand: rapid.Uint32Range(0, 1<<tagBits-1).Draw(t, "grand"),
			},
			Issued:  issued,
			Expires: issued + rapid.Int64Range(1, 366*86400).Draw(t, "idle")*second,
		}
		want.Entry = rapid.Int64Range(issued, want.Expires-1).Draw(t, "entry")
		want.End = want.Expires + rapid.Int64Range(0, 86400).Draw(t, "more")*second
		copy(want.ID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		copy(want.Device.ID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "device"))
		want.Device.Browser = rapid.Uint64().Draw(t, "browser")
		raw := keys.AppendPass(nil, &want)
		got, err := keys.ReadPass(raw, want.Room, want.Entry)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v, (-written +read):\n%s", err, diff)
		}
		if len(raw) > MaxLength/2 {
			t.Fatalf("a pass of %d bytes", len(raw))
		}
	})
}

func TestAPassIsGoodFromEntryToExpiryToTheMicrosecond(t *testing.T) {
	keys := testKeys(t)
	f := func(entry, expires, end, now int64, want error) {
		t.Helper()
		pass := testPass(t)
		pass.Entry, pass.Expires, pass.End = entry, expires, end
		raw := keys.AppendPass(nil, &pass)
		for range 2 { // what is remembered decides nothing
			got, err := keys.ReadPass(raw, "booking", now)
			if !errors.Is(err, want) {
				t.Fatalf("entry %d, expires %d, end %d, read at %d: %v, want %v", entry-noon, expires-noon, end-noon, now-noon, err, want)
			}
			if errors.Is(err, ErrNotYet) && got.Entry != entry {
				t.Fatalf("told to wait until %d, not %d", got.Entry, entry)
			}
		}
	}
	const far = noon + 600*second
	f(noon+3_000_001, far, far, noon+3_000_000, ErrNotYet)
	f(noon+3_000_001, far, far, noon+3_000_001, nil) // no skew for entries: not a microsecond early
	f(noon+1, far, far, noon+1, nil)                 // although nbf says a second later
	f(noon, noon+10*second, far, noon+10*second-1, nil)
	f(noon, noon+10*second, far, noon+10*second, ErrExpired)
	f(noon, noon+10*second+999_999, far, noon+10*second, ErrExpired)
	f(noon, far, noon+10*second, noon+10*second-1, nil)
	f(noon, far, noon+10*second, noon+10*second, ErrExpired) // the end is the end
	f(noon, far, 0, noon, ErrExpired)                        // nobody said until when: until never
	f(noon+20*second, noon+10*second, far, noon+10*second, ErrExpired)
}

func TestAPassFromTheFutureIsNotGivenBack(t *testing.T) {
	keys := testKeys(t)
	pass := testPass(t)
	got, err := keys.ReadPass(keys.AppendPass(nil, &pass), "booking", noon-5*second-1)
	if diff := cmp.Diff(Pass{}, got); !errors.Is(err, ErrNotYet) || diff != "" {
		t.Fatalf("%v; %s", err, diff)
	}
}

func TestTheSamePassIsTheSameBytes(t *testing.T) {
	pass := testPass(t)
	if a, b := testKeys(t).AppendPass(nil, &pass), testKeys(t).AppendPass(nil, &pass); !bytes.Equal(a, b) {
		t.Fatalf("two passes for one entry:\n%s\n%s", a, b)
	}
}

func TestEveryChangedCharacterOfAPassIsNoticed(t *testing.T) {
	keys := testKeys(t)
	pass := testPass(t)
	raw := keys.AppendPass(nil, &pass)
	for _, warm := range []bool{false, true} {
		if warm {
			if _, err := keys.ReadPass(raw, "booking", noon); err != nil {
				t.Fatal(err)
			}
		}
		for i := range raw {
			raw[i] ^= 1
			if _, err := keys.ReadPass(raw, "booking", noon); err == nil {
				t.Fatalf("byte %d changed, and nobody noticed: %s", i, raw)
			}
			raw[i] ^= 1
		}
	}
}

func TestARememberedSignatureDecidesNothing(t *testing.T) {
	keys := testKeys(t)
	pass := testPass(t)
	raw := keys.AppendPass(nil, &pass)
	f := func(room string, now int64, want error) {
		t.Helper()
		if _, err := keys.ReadPass(raw, room, now); !errors.Is(err, want) {
			t.Fatalf("room %s at %d: %v, want %v", room, now-noon, err, want)
		}
	}
	f("booking", noon, nil)
	f("other", noon, ErrForeign)
	f("booking", noon-1, ErrNotYet)
	f("booking", noon+300*second, ErrExpired)
	f("booking", noon, nil)
}

func TestAForgedPassIsNeverRemembered(t *testing.T) {
	keys := testKeys(t)
	pass := testPass(t)
	raw := keys.AppendPass(nil, &pass)
	raw[len(raw)-10] ^= 1
	for range 3 {
		if _, err := keys.ReadPass(raw, "booking", noon); !errors.Is(err, ErrSignature) {
			t.Fatalf("a forged pass: %v", err)
		}
	}
}

func TestARememberedPassIsDecidedOnAnewEachTime(t *testing.T) {
	keys := testKeys(t)
	pass := testPass(t)
	raw := keys.AppendPass(nil, &pass)
	f := func(room string, now int64, want error) {
		t.Helper()
		if got, err := keys.ReadPass(raw, room, now); !errors.Is(err, want) || want == nil && got.ID != pass.ID {
			t.Fatalf("%s at %d: %v, %v; want %v", room, now, got, err, want)
		}
	}
	for range 2 {
		f(pass.Room, pass.Entry, nil)
		f("another", pass.Entry, ErrForeign)
		f(pass.Room, pass.Entry-1, ErrNotYet)
		f(pass.Room, pass.Expires, ErrExpired)
	}
}

func TestRememberedSignaturesAreBounded(t *testing.T) {
	v := &verified{}
	for i := range 3 * verifiedPerShard {
		v.add([32]byte{0, byte(i), byte(i >> 8)}, Pass{})
		if _, ok := v.get([32]byte{}); !ok {
			t.Fatalf("what is asked for all the time was forgotten after %d others", i)
		}
	}
	s := &v.shards[0]
	if len(s.now) > verifiedPerShard || len(s.old) > verifiedPerShard {
		t.Fatalf("%d and %d are kept, %d each were meant", len(s.now), len(s.old), verifiedPerShard)
	}
	if _, ok := v.get([32]byte{0, 1}); ok {
		t.Fatal("nothing is ever forgotten")
	}
}

func TestAPassThatCannotBeWrittenIsABug(t *testing.T) {
	keys := testKeys(t)
	f := func(change func(*Pass)) {
		t.Helper()
		defer func() {
			if text, _ := recover().(string); !strings.HasPrefix(text, "BUG: ") {
				t.Fatalf("no panic that says BUG, but %q", text)
			}
		}()
		pass := testPass(t)
		change(&pass)
		keys.AppendPass(nil, &pass)
	}
	f(func(p *Pass) { p.Room = "../x" })
	f(func(p *Pass) { p.Subject = `x","gen":"` })
	f(func(p *Pass) { p.Subject = strings.Repeat("s", maxText+1) })
	f(func(p *Pass) { p.Entry = -1_000_001 })
	f(func(p *Pass) { p.Gen.Number = -1 })
	f(func(p *Pass) { p.Gen.Number = 1 << 27 })
	f(func(p *Pass) { p.Gen.Parent = 1 << 26 })
}

func TestPassIDsHaveOneSpelling(t *testing.T) {
	f := func(text string, ok bool) {
		t.Helper()
		id, err := ParsePassID(text)
		if ok != (err == nil) || !ok && !errors.Is(err, ErrMalformed) {
			t.Fatalf("%q: %v", text, err)
		}
		if ok && FormatPassID(id) != text {
			t.Fatalf("%q came back as %q", text, FormatPassID(id))
		}
	}
	f("AAAAAAAAAAAAAAAAAAAAAA", true)
	f("_-_-_-_-_-_-_-_-_-_-_w", true)
	f("AAAAAAAAAAAAAAAAAAAAAB", false) // stray bits
	f("AAAAAAAAAAAAAAAAAAAAAA==", false)
	f("AAAAAAAAAAAAAAAAAAAAA", false)
	f("AAAAAAAAAAA\nAAAAAAAAAA", false)
	f("AAAAAAAAAAA+AAAAAAAAAA", false)
	f("", false)
}

func TestAPassIDIsTheTicketsAndTheEntrys(t *testing.T) {
	id := PassID([12]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 0x7_0102_0304)
	want := [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4}
	if id != want {
		t.Fatalf("%v, want %v", id, want)
	}
}
