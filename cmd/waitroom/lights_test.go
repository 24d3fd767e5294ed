package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"waitroom/config"
)

// verifying is a configuration with these identity providers.
func verifying(t *testing.T, dir string, names ...string) *config.Config {
	t.Helper()
	text := fmt.Sprintf(`
listen: 127.0.0.1:0
operator: {listen: 127.0.0.1:0}
data_dir: %s
keys: {dir: %s}
identity:
  origin: http://127.0.0.1:8080
  providers:
`, dir, filepath.Join(dir, "keys"))
	for _, name := range names {
		text += "    - {name: " + name + ", issuer: http://127.0.0.1:1, client_id: booking, client_secret: secret}\n"
	}
	text += "rooms:\n  - {name: booking, backend: http://127.0.0.1:1, rate: 1/s}\n"
	c, err := config.Parse("waitroom.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// operators runs a gateway while it is asked at its operators' listener.
func operators(t *testing.T, c *config.Config, asking func(g *gateway, ask func(method, path, body string) string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g, err := build(ctx, c, zap.NewNop(), zap.NewAtomicLevel())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- g.run(ctx) }()
	asking(g, func(method, path, body string) string {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+g.opsAt.Addr().String()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s, %v", method, path, answer.StatusCode, text, err)
		}
		return string(text)
	})
	cancel()
	if err := <-done; err != nil {
		t.Errorf("leave: %v", err)
	}
}

func TestAPausedProviderStaysSoAfterARestart(t *testing.T) {
	dir := t.TempDir()
	operators(t, verifying(t, dir, "kakao", "naver"), func(_ *gateway, ask func(method, path, body string) string) {
		ask("PATCH", "/api/providers/kakao", `{"paused":true}`)
	})
	operators(t, verifying(t, dir, "kakao", "naver"), func(g *gateway, ask func(method, path, body string) string) {
		g.lights.Exchange(context.Background())
		if text := ask("GET", "/api/providers/kakao", ""); !strings.Contains(text, `"paused":true`) {
			t.Error(text)
		}
		if text := ask("GET", "/metrics", ""); !strings.Contains(text, `waitroom_identity_paused{provider="kakao"} 1`) || !strings.Contains(text, `waitroom_identity_light{provider="naver"} 0`) {
			t.Error("metrics tell another story")
		}
	})
}

func TestAReloadChangesTheProviders(t *testing.T) {
	dir := t.TempDir()
	operators(t, verifying(t, dir, "kakao"), func(g *gateway, ask func(method, path, body string) string) {
		if err := g.reload(context.Background(), verifying(t, dir, "naver", "kakao")); err != nil {
			t.Fatal(err)
		}
		if text := ask("GET", "/api/providers", ""); strings.Index(text, `"naver"`) > strings.Index(text, `"kakao"`) || !strings.Contains(text, `"naver"`) {
			t.Error(text)
		}
	})
}
