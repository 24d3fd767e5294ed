package dbsc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// The seeds in testdata/fuzz are sound proofs, and unsound ones that take paths of their own.

// acceptedByOthers fails unless golang-jwt's parser, as strict as it can be, accepts the proof as well, for that key.
func acceptedByOthers(t *testing.T, field string, key Key) {
	t.Helper()
	text, _, _ := strings.Cut(strings.Trim(field, ` `), ";")
	parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithValidMethods([]string{"ES256"}), jwt.WithoutClaimsValidation())
	token, err := parser.Parse(strings.Trim(text, `"`), func(token *jwt.Token) (any, error) {
		if token.Header["typ"] != "dbsc+jwt" {
			return nil, fmt.Errorf("typ %v", token.Header["typ"])
		}
		return key.public(), nil
	})
	if err != nil || token.Claims.(jwt.MapClaims)["jti"] == "" {
		t.Fatalf("golang-jwt refuses what we accept: %v\n%s", err, field)
	}
}

// FuzzReadProof: whatever is accepted, golang-jwt accepts, too; nothing else than ErrProof comes back for the rest.
func FuzzReadProof(f *testing.F) {
	s := newSigner(f)
	session := Session{"AAECAwQFBgcICQoLDA0ODw", s.key}
	f.Fuzz(func(t *testing.T, header, claims, before, after string, sign bool) {
		field := before + header + "." + claims + after
		if sign {
			header = strings.ReplaceAll(header, "{{jwk}}", s.jwk())
			claims = strings.ReplaceAll(claims, "{{session}}", session.String())
			field = before + s.sign(t, header, claims) + after
		}
		key, challenge, err := ReadRegistration([]byte(field))
		switch {
		case err == nil:
			acceptedByOthers(t, field, key)
		case !errors.Is(err, ErrProof):
			t.Fatalf("another error: %v", err)
		case challenge != "":
			t.Fatalf("refused, with a challenge: %s", field)
		}
		challenge, err = ReadRefresh([]byte(field), session)
		switch {
		case err == nil:
			acceptedByOthers(t, field, s.key)
			if _, _, err := ReadRegistration([]byte(field)); err == nil {
				t.Fatalf("a renewal that is a registration, too: %s", field)
			}
		case challenge != "":
			t.Fatalf("refused, with a challenge: %s", field)
		}
	})
}

// FuzzReadSession: a name that is accepted is the one that we would have written, but for what stands around it.
func FuzzReadSession(f *testing.F) {
	f.Fuzz(func(t *testing.T, field string) {
		session, err := ReadSession([]byte(field))
		if err != nil {
			return
		}
		if !strings.HasPrefix(strings.TrimLeft(field, ` "`), session.String()) {
			t.Fatalf("%q is read as %s", field, session)
		}
		again, err := ReadSession([]byte(session.String()))
		if err != nil || again != session {
			t.Fatalf("%q: the second time %v, %v", field, again, err)
		}
	})
}
