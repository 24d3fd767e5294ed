package altcha

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

var evening = time.Date(2021, 8, 12, 20, 0, 0, 0, time.FixedZone("KST", 9*3600))

func puzzles(room string) *Puzzles {
	return &Puzzles{Key: [32]byte{1}, Room: room, Cost: 10, Digits: 1, Life: time.Minute}
}

func first([16]byte) bool { return true }

func TestAPuzzleIsAnsweredOnceRightOrWrong(t *testing.T) {
	p := puzzles("booking")
	used := map[[16]byte]bool{}
	once := func(nonce [16]byte) bool {
		defer func() { used[nonce] = true }()
		return !used[nonce]
	}
	puzzle := p.New("me", evening)
	solved := Solve(puzzle)
	f := func(why string, payload []byte, holder string, want error) {
		t.Helper()
		if _, err := p.Check(payload, holder, evening, once); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", why, err, want)
		}
	}
	f("another device's, which uses nothing up", solved, "you", ErrForeign)
	f("the first time", solved, "me", nil)
	f("the second time", solved, "me", ErrUsed)
	puzzle = p.New("me", evening)
	f("not solved", base64.StdEncoding.AppendEncode(nil, []byte(`{"challenge":`+string(puzzle)+`}`)), "me", ErrUnsolved)
	f("solved after a wrong answer", Solve(puzzle), "me", ErrUsed)
}

func TestASolvedPuzzleIsGoodForItsRoomItsHolderAndItsTime(t *testing.T) {
	p := puzzles("booking")
	solved := Solve(p.New("me", evening))
	f := func(why string, p *Puzzles, payload []byte, holder string, at time.Time, want error) {
		t.Helper()
		if _, err := p.Check(payload, holder, at, first); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", why, err, want)
		}
	}
	f("solved", p, solved, "me", evening, nil)
	f("in the last second", p, solved, "me", evening.Add(time.Minute), nil)
	f("too late", p, solved, "me", evening.Add(time.Minute+time.Second), ErrExpired)
	f("another device", p, solved, "you", evening, ErrForeign)
	f("another room", puzzles("other"), solved, "me", evening, ErrForeign)
	other := puzzles("booking")
	other.Key[0]++
	f("another gateway's keys", other, solved, "me", evening, ErrForged)
	harder := puzzles("booking")
	harder.Cost, harder.Digits = 20, 3
	f("made before it got harder", harder, solved, "me", evening, nil)
	again, _ := p.Check(solved, "me", evening, first)
	once, _ := p.Check(solved, "me", evening, first)
	if again != once || again == [16]byte{} {
		t.Error("the nonce does not tell a replay")
	}
}

func TestWhatIsChangedOrNotSolvedIsRefused(t *testing.T) {
	p := puzzles("booking")
	solved, err := base64.StdEncoding.DecodeString(string(Solve(p.New("me", evening))))
	if err != nil {
		t.Fatal(err)
	}
	f := func(why string, change func(string) string, want error) {
		t.Helper()
		text := change(string(solved))
		if text == string(solved) {
			t.Errorf("%s: nothing is changed", why)
		}
		if _, err := p.Check([]byte(base64.StdEncoding.EncodeToString([]byte(text))), "me", evening, first); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", why, err, want)
		}
	}
	swap := func(old, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, to, 1) }
	}
	f("cheaper", swap(`"cost":10`, `"cost":1`), ErrForged)
	f("longer", swap(`"expiresAt":1`, `"expiresAt":9`), ErrForged)
	f("easier", swap(`"keyPrefix":"0"`, `"keyPrefix":""`), ErrForged)
	f("another holder", swap(`"holder":"me"`, `"holder":"you"`), ErrForged)
	f("another algorithm", swap(algorithm, "SHA-256"), ErrForged)
	f("another counter", swap(`"counter":`, `"counter":9`), ErrUnsolved)
	f("a negative counter", swap(`"counter":`, `"counter":-1`), ErrUnsolved)
	f("no counter", swap(`"counter"`, `"x"`), ErrUnsolved)
	f("an invented key", func(s string) string {
		at := strings.Index(s, `"derivedKey":"`) + len(`"derivedKey":"0`)
		return s[:at] + strings.Repeat("0", 63) + s[at+63:]
	}, ErrUnsolved)
	f("a short key", func(s string) string {
		at := strings.Index(s, `"derivedKey":"`) + len(`"derivedKey":"0`)
		return s[:at] + s[at+63:]
	}, ErrUnsolved)
	f("no signature", func(s string) string {
		at := strings.Index(s, `"signature":"`) + len(`"signature":"`)
		return s[:at] + s[at+64:]
	}, ErrForged)
	for _, junk := range []string{"", "!", "e30=", base64.StdEncoding.EncodeToString([]byte(`{"challenge":7}`)), strings.Repeat("A", maxAnswer+4)} {
		if _, err := p.Check([]byte(junk), "me", evening, first); !errors.Is(err, ErrForged) {
			t.Errorf("%.20q: %v", junk, err)
		}
	}
}

// The signature is over the canonical JSON of the format: keys in order, nothing between.
func TestAPuzzleIsWrittenAsTheFormatHasIt(t *testing.T) {
	p := puzzles("booking")
	text := p.New("me", evening)
	var c struct {
		Parameters json.RawMessage
		Signature  string
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	var sorted map[string]any
	if err := json.Unmarshal(c.Parameters, &sorted); err != nil {
		t.Fatal(err)
	}
	canonical, err := json.Marshal(sorted) // encoding/json sorts the keys of a map
	if err != nil || !bytes.Equal(canonical, c.Parameters) {
		t.Errorf("parameters %s, canonical %s", c.Parameters, canonical)
	}
	for name, want := range map[string]any{"algorithm": "PBKDF2/SHA-256", "cost": 10.0, "keyLength": 32.0, "keyPrefix": "0", "expiresAt": 1628766060.0} {
		if sorted[name] != want {
			t.Errorf("%s is %v, want %v", name, sorted[name], want)
		}
	}
	if bytes.Equal(text, p.New("me", evening)) {
		t.Error("two puzzles are the same")
	}
}

func FuzzAnAnswerIsNeverGoodWithoutTheKey(f *testing.F) {
	p := puzzles("booking")
	f.Add([]byte(`{"challenge":{"parameters":{"algorithm":"PBKDF2/SHA-256","cost":1,"keyLength":32,"keyPrefix":"","nonce":"","salt":""},"signature":""},"solution":{"counter":0}}`))
	f.Add([]byte(`{"challenge":{"parameters":{"expiresAt":99999999999},"signature":"00"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := p.Check([]byte(base64.StdEncoding.EncodeToString(text)), "", evening, first); err == nil {
			t.Errorf("%q is good", text)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	p := &Puzzles{Room: "booking", Cost: 1000, Digits: 3, Life: time.Minute}
	for b.Loop() {
		p.New("0123456789abcdef", evening)
	}
}

func BenchmarkCheck(b *testing.B) {
	p := &Puzzles{Room: "booking", Cost: 1000, Digits: 1, Life: time.Minute}
	solved := Solve(p.New("me", evening))
	for b.Loop() {
		if _, err := p.Check(solved, "me", evening, first); err != nil {
			b.Fatal(err)
		}
	}
}

// The puzzle and its answer were made by another program, altcha-lib 2.8.0, with the same key.
func TestWhatAnotherProgramMadeAndSolvedIsReadAlike(t *testing.T) {
	text, err := os.ReadFile("testdata/solved-by-altcha-lib-2.8.0.json")
	if err != nil {
		t.Fatal(err)
	}
	p := puzzles("booking")
	copy(p.Key[:], "0123456789abcdef0123456789abcdef")
	if _, err := p.Check(base64.StdEncoding.AppendEncode(nil, text), "me", evening, first); err != nil {
		t.Error(err)
	}
}
