package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"waitroom/bench/gateway"
)

// newcomer is a browser that keeps cookies and comes for the first time.
func newcomer(addr string) *gateway.Visitor {
	v := gateway.NewVisitor("http://" + addr)
	_, v.Agent, _ = strings.Cut(scriptFields[0], ": ")
	return v
}

// joinKeyed lets a new visitor in whose browser has made a key, as the waiting page's script does.
func joinKeyed(_ context.Context, addr string) (string, error) {
	v := newcomer(addr)
	key, err := gateway.NewKey()
	if err != nil {
		return "", err
	}
	a, err := v.TryProving("device", key)
	if err != nil {
		return "", err
	}
	if a.Standing.State != "admitted" {
		return "", fmt.Errorf("a device with a key was answered %d %s", a.Status, a.Body)
	}
	return v.CookieLine(), nil
}

// joinBound lets a new visitor in whose browser registers a key for its session, as Chromium does.
func joinBound(_ context.Context, addr string) (string, error) {
	v := newcomer(addr)
	key, err := gateway.NewKey()
	if err != nil {
		return "", err
	}
	var offer []string                                  // (ES256);path="…";challenge="…"
	if !gateway.Eventually(5*time.Second, func() bool { // the pass may be for a little later
		page, err := v.TryNavigate("/a/1k")
		if given := page.Header.Get("Secure-Session-Registration"); given != "" {
			offer = strings.Split(given, `"`)
		}
		return err == nil && len(offer) == 5 && len(page.Body) == small
	}) {
		return "", errors.New("nobody asked the browser to register a key")
	}
	path, challenge := offer[1], offer[3]
	proof, err := sessionProof(key, challenge)
	if err != nil {
		return "", err
	}
	q, err := http.NewRequest(http.MethodPost, v.URL+path, nil)
	if err != nil {
		return "", err
	}
	q.Header.Set("Origin", v.URL)
	q.Header.Set("Secure-Session-Response", proof)
	if a, err := v.Do(q); err != nil || a.Status != http.StatusOK {
		return "", fmt.Errorf("registering at %q was answered %d %s: %w", path, a.Status, a.Body, err)
	}
	return v.CookieLine(), nil
}

// sessionProof signs a challenge with the key that is to be registered.
func sessionProof(key *ecdsa.PrivateKey, challenge string) (string, error) {
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"ES256","jwk":{"crv":"P-256","kty":"EC","x":"`+encode(point[1:33])+`","y":"`+encode(point[33:])+
		`"},"typ":"dbsc+jwt"}`)) + "." + encode([]byte(`{"jti":"`+challenge+`"}`))
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)), nil
}
