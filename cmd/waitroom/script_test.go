package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/zap"

	"waitroom/bench/dialogue"
	"waitroom/proxy/lights"
	"waitroom/proxy/operator"
	"waitroom/queue"
	"waitroom/queue/memory"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"waitroom": func() { os.Exit(run()) }})
}

// TestCommands runs the dialogues in testdata/script. Beside what package dialogue gives them they have:
//
//	operated [token]   a real operator listener in front of a real line, as $WAITROOM_OPERATOR_URL
//	stranger           a web server that is no waitroom, as $WAITROOM_OPERATOR_URL
func TestCommands(t *testing.T) {
	dialogue.Run(t, dialogue.Commands{"operated": operatedCmd, "stranger": strangerCmd}, func(env *testscript.Env) error {
		env.Setenv("NL", "\n")
		env.Setenv("WAITROOM_OPERATOR_TOKEN", "")
		env.Setenv("WAITROOM_OPERATOR_URL", "")
		return nil
	})
}

func operatedCmd(ts *testscript.TestScript, _ bool, args []string) {
	store, err := memory.Open(memory.Options{Dir: filepath.Join(ts.MkAbs("."), "operated"), NoSync: true})
	ts.Check(err)
	line, err := store.Room("booking", queue.Rules{RatePerHour: 3600, Burst: 10, Hold: 1800e6, PassTTL: 600e6})
	ts.Check(err)
	tallies, err := store.Tallies()
	ts.Check(err)
	board := lights.New(tallies, zap.NewNop())
	board.Configure([]lights.Provider{{Name: "kakao"}, {Name: "naver"}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		queue.Keep(ctx, line, func(error) {})
	}()
	o := operator.Options{
		Rooms:     func() []operator.Room { return []operator.Room{{Name: "booking", Line: line}} },
		Providers: board, Version: version(), ParseRate: parseRate, FormatRate: formatRate,
	}
	if len(args) > 0 {
		o.Token = args[0]
	}
	server := httptest.NewServer(operator.New(o))
	ts.Setenv("WAITROOM_OPERATOR_URL", server.URL)
	ts.Defer(func() { server.Close(); cancel(); <-done; _ = store.Close() })
}

func strangerCmd(ts *testscript.TestScript, _ bool, _ []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/moved") {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			return
		}
		if r.URL.Path == "/unready/readyz" {
			http.Error(w, "not ready: the store is away", http.StatusServiceUnavailable)
			return
		}
		if r.URL.Path == "/elsewhere" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"name":"booking"}`))
			return
		}
		_, _ = w.Write([]byte("<html>It works!</html>"))
	}))
	ts.Setenv("WAITROOM_OPERATOR_URL", server.URL)
	ts.Defer(server.Close)
}

func TestRatesAreEchoedInEveryNotation(t *testing.T) {
	f := func(text, echo string) {
		t.Helper()
		perHour, err := parseRate(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := formatRate(perHour); got != echo {
			t.Errorf("%s is echoed as %s, not %s", text, got, echo)
		}
	}
	f("2,000,000/h", "2,000,000/h = 33,333.3/min = 555.6/s")
	f("0", "0/h = 0/min = 0/s")
	f("100/10s", "36,000/h = 600/min = 10/s")
	f("1/24h", "0.0417/h = 0.000694/min = 0.0000116/s") // the least that there is
	f("3,600,000,000/h", "3,600,000,000/h = 60,000,000/min = 1,000,000/s")
	if got := formatRate(1e12); got != "1e+12/h" { // no file or operator can set it
		t.Errorf("a rate out of bounds is echoed as %s", got)
	}
}

func TestNumbersAreGroupedByThree(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("%d is written %s, not %s", n, got, want)
		}
	}
}

func TestAnInterruptedCommandSaysThatTheOutcomeIsUnknown(t *testing.T) {
	asked := make(chan struct{})
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(asked); <-release }))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-asked; cancel() }()
	c := &client{base: server.URL, http: &http.Client{Timeout: time.Minute}}
	_, err := c.set(ctx, "booking", map[string]any{"paused": true})
	if err == nil || !strings.Contains(err.Error(), "not known") {
		t.Errorf("%v", err)
	}
}
