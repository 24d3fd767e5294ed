package identity

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var aFlow = Flow{
	Room: "booking", Provider: "kakao", Device: [16]byte{1}, State: [16]byte{2}, Nonce: [16]byte{3},
	Verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Return: "/book?day=1&q=한글", Invite: "invited", Redirect: "",
	Begun: 1_628_766_000_000_000,
}

func TestASealedFlowIsOpenedWithItsKeyOnly(t *testing.T) {
	key := [32]byte{7}
	sealed, err := Seal(key, aFlow)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(key, sealed)
	if err != nil || !cmp.Equal(got, aFlow) {
		t.Fatalf("opened: %v, %s", err, cmp.Diff(aFlow, got))
	}
	if _, err := Open([32]byte{8}, sealed); !errors.Is(err, ErrFlow) {
		t.Errorf("another key opens it: %v", err)
	}
	again, _ := Seal(key, aFlow)
	if again == sealed {
		t.Error("the same flow is sealed the same way twice")
	}
}

func TestEveryChangeToASealedFlowIsSeen(t *testing.T) {
	sealed, _ := Seal([32]byte{7}, aFlow)
	raw, _ := base64.RawURLEncoding.DecodeString(sealed)
	for i := range raw {
		for bit := range 8 {
			changed := bytes.Clone(raw)
			changed[i] ^= 1 << bit
			if _, err := Open([32]byte{7}, base64.RawURLEncoding.EncodeToString(changed)); !errors.Is(err, ErrFlow) {
				t.Fatalf("bit %d of byte %d changed: %v", bit, i, err)
			}
		}
	}
}

func TestASealedFlowHasOneSpelling(t *testing.T) {
	f := func(other string) {
		t.Helper()
		if _, err := Open([32]byte{7}, other); !errors.Is(err, ErrFlow) {
			t.Errorf("%.20q…: %v", other, err)
		}
	}
	short := aFlow
	for len(short.Return) < 64 { // one of these lengths leaves bits over in the last character, which a lax decoder ignores
		sealed, _ := Seal([32]byte{7}, short)
		f(sealed + "=")
		f(sealed + "\n")
		f(sealed[:10] + "\r\n" + sealed[10:])
		f(" " + sealed)
		f(sealed[:len(sealed)-1])
		if len(sealed)%4 != 0 {
			const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
			f(sealed[:len(sealed)-1] + string(digits[strings.IndexByte(digits, sealed[len(sealed)-1])|1]))
		}
		short.Return += "x"
	}
	f("")
	f(strings.Repeat("A", MaxSealed+1))
}

func TestAFlowThatNoCookieTakesIsNotSealed(t *testing.T) {
	long := aFlow
	long.Return = strings.Repeat("x", MaxSealed)
	if sealed, err := Seal([32]byte{7}, long); err == nil {
		t.Errorf("sealed into %d bytes", len(sealed))
	}
	long.Return = strings.Repeat("x", 2300)
	if _, err := Seal([32]byte{7}, long); err != nil {
		t.Errorf("2300 bytes of address: %v", err)
	}
}

func FuzzOpenFlow(f *testing.F) {
	sealed, _ := Seal([32]byte{7}, aFlow)
	empty, _ := Seal([32]byte{7}, Flow{})
	plain, _ := base64.RawURLEncoding.DecodeString(sealed)
	for _, seed := range []string{sealed, empty, sealed[1:], "", string(plain)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := Open([32]byte{7}, s); err == nil && got != aFlow && got != (Flow{}) {
			t.Errorf("%q was opened, and never sealed: %v", s, got)
		}
		// What is under the seal is read as strictly, whoever has the key.
		if got, err := readFlow([]byte(s)); err == nil {
			again, err := Seal([32]byte{7}, got)
			if err != nil {
				return // longer than any cookie
			}
			if back, err := Open([32]byte{7}, again); err != nil || back != got {
				t.Errorf("%v is read back as %v, %v", got, back, err)
			}
		}
	})
}
