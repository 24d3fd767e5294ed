package token

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAnInvitationIsReadAsItWasMade(t *testing.T) {
	keys := testKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,31}`)
		room := name.Draw(t, "room")
		i := NewInvitation(name.Draw(t, "group"), rapid.Int64Range(second, maxNumber).Draw(t, "until"))
		code := keys.AppendInvitation(nil, room, &i)
		if got, err := keys.ReadInvitation(code, room, i.Until-1); err != nil || got != i {
			t.Fatalf("%s is %+v, %v; made of %+v", code, got, err, i)
		}
		if got, err := keys.ReadInvitation(code, room, i.Until); !errors.Is(err, ErrExpired) || got != (Invitation{}) {
			t.Fatalf("at its end: %+v, %v", got, err)
		}
	})
	if a, b := NewInvitation("g", second), NewInvitation("g", second); a.ID == b.ID {
		t.Error("two are the same")
	}
}

func TestNoOtherSpellingOfAnInvitationIsRead(t *testing.T) {
	keys := testKeys(t)
	i := Invitation{Group: "priority", ID: [16]byte([]byte("sixteen byte id.")), Until: noon + second}
	code := string(keys.AppendInvitation(nil, "booking", &i))
	f := func(code string, want error) {
		t.Helper()
		if got, err := keys.ReadInvitation([]byte(code), "booking", noon); !errors.Is(err, want) || got != (Invitation{}) {
			t.Errorf("%q: %+v, %v", code, got, err)
		}
	}
	for at := range code {
		for _, c := range "AZaz09-_.=+/ \n\x00\xff" {
			changed := code[:at] + string(c) + code[at+1:]
			if changed == code {
				continue
			}
			if got, err := keys.ReadInvitation([]byte(changed), "booking", noon); err == nil {
				t.Errorf("%q is read as %+v", changed, got)
			}
		}
		f(code[:at], ErrMalformed)
	}
	group, blob, _ := strings.Cut(code, ".")
	f("other."+blob, ErrSignature)
	f(strings.ToUpper(group)+"."+blob, ErrMalformed)
	f(code+"=", ErrMalformed)
	f(code+"A", ErrMalformed)
	f(" "+code, ErrMalformed)
	f(code+"\n", ErrMalformed)
	f(group+"."+blob[:10]+"\n"+blob[11:], ErrMalformed)
	f("."+blob, ErrMalformed)
	f(blob, ErrMalformed)
	f("", ErrMalformed)
	f(strings.Repeat("a", 33)+"."+blob, ErrMalformed)
	if _, err := keys.ReadInvitation([]byte(code), "other", noon); !errors.Is(err, ErrSignature) {
		t.Errorf("in another room: %v", err)
	}
}
