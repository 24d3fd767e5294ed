package deploy_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"waitroom/queue"
	"waitroom/queue/redis"
)

// commandsOfLibrary are those that the client library and the store itself send, besides the scripts.
var commandsOfLibrary = []string{
	"ping", "hello", "auth", "select", "info", "client|setname", "eval", "evalsha", // any connection
	"command", "cluster|slots", "cluster|shards", "asking", "readonly", "readwrite", // Cluster
	"xrange", "xrevrange", // the journal
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheRedisUserMayRunWhatTheScriptsRunAndNoMore(t *testing.T) {
	want := slices.Clone(commandsOfLibrary)
	scripts, err := filepath.Glob("../queue/redis/lua/*.lua")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts found: %v", err)
	}
	for _, script := range scripts {
		for _, call := range regexp.MustCompile(`redis\.p?call\(\s*'(\w+)'`).FindAllStringSubmatch(read(t, script), -1) {
			want = append(want, strings.ToLower(call[1]))
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)

	var got []string
	for _, rule := range strings.Fields(read(t, "redis-users.acl")) {
		if command, ok := strings.CutPrefix(rule, "+"); ok {
			got = append(got, command)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("redis-users.acl allows\n%v\nthe scripts need\n%v", got, want)
	}
}

// startRedis runs redis-server with redis.conf and redis-users.acl, as compose.yaml does, and returns its URL.
func startRedis(t *testing.T, password string) string {
	t.Helper()
	dir := t.TempDir()
	hash := sha256.Sum256([]byte(password))
	login := "user waitroom on resetpass"
	acl := strings.Replace(read(t, "redis-users.acl"), login, login+" #"+hex.EncodeToString(hash[:]), 1)
	users := filepath.Join(dir, "users.acl")
	if err := os.WriteFile(users, []byte(acl), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	server := exec.CommandContext(ctx, "redis-server", "redis.conf", "--aclfile", users, "--dir", dir, "--port", port, "--bind", "127.0.0.1")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatalf("redis-server is needed (make test installs it): %v", err)
	}
	t.Cleanup(func() {
		cancel()
		_ = server.Wait()
	})
	var log strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return "redis://127.0.0.1:" + port + "/0"
		}
		fmt.Fprintln(&log, lines.Text())
	}
	t.Fatalf("redis-server did not start with redis.conf:\n%s", &log)
	return ""
}

func TestARoomRunsOnTheRedisOfThisFolder(t *testing.T) {
	ctx := t.Context()
	store, err := redis.Open(ctx, redis.Options{URL: startRedis(t, "a secret"), Username: "waitroom", Password: "a secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	rules := queue.Rules{RatePerHour: 3_600_000, Burst: 10, Hold: 60_000_000, PassTTL: 60_000_000}
	line, err := store.Room(ctx, "booking", rules)
	if err != nil {
		t.Fatal(err)
	}

	// Each of a visitor's and an operator's ways once: none may be refused for want of a right.
	id, other := queue.ID{1}, queue.ID{2}
	seat, err := line.Arrive(ctx, queue.Arrival{ID: id, Direct: true})
	if err != nil || seat.Place == 0 {
		t.Fatalf("arrive: seat %+v, %v", seat, err)
	}
	if _, err := line.Arrive(ctx, queue.Arrival{ID: other}); err != nil {
		t.Errorf("arrive: %v", err)
	}
	if _, err := line.Tick(ctx); err != nil {
		t.Errorf("tick: %v", err)
	}
	if _, err := line.Return(ctx, queue.Arrival{ID: other, Place: seat.Place + 1, Foreign: true}); err != nil {
		t.Errorf("return: %v", err)
	}
	seat, err = line.Enter(ctx, id, seat.Place)
	if err != nil {
		t.Errorf("enter: %v", err)
	}
	if err := line.End(ctx, queue.PassOf(id, seat.Entry), queue.WhyRevoked, "tester"); err != nil {
		t.Errorf("end: %v", err)
	}
	if err := line.Leave(ctx, other, seat.Place+1); err != nil {
		t.Errorf("leave: %v", err)
	}
	if err := line.Set(ctx, queue.Change{By: "tester", Paused: new(true), RatePerHour: new(36.0)}); err != nil {
		t.Errorf("set: %v", err)
	}
	if err := line.Refresh(ctx); err != nil || !line.View().Control.Paused {
		t.Errorf("refresh: paused is %v, %v", line.View().Control.Paused, err)
	}
	if records, err := line.Journal(ctx, "", 100); err != nil || len(records) == 0 {
		t.Errorf("journal: %d records, %v", len(records), err)
	}
}

func TestNobodyGetsIntoTheRedisOfThisFolderWithoutThePassword(t *testing.T) {
	url := startRedis(t, "a secret")
	f := func(username, password string) {
		t.Helper()
		store, err := redis.Open(t.Context(), redis.Options{URL: url, Username: username, Password: password})
		if err == nil {
			_ = store.Close()
			t.Errorf("user %q with password %q got in", username, password)
		}
	}
	// The default user, that Redis would let in by itself.
	f("", "")
	f("waitroom", "")
	f("waitroom", "another")
}
