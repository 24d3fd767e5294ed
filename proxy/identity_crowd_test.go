package proxy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"waitroom/bench/provider"
	"waitroom/queue"
	"waitroom/queue/memory"
	"waitroom/queue/redis"
	"waitroom/queue/redis/redistest"
)

// onRedis are two gateways for verified people on one Redis, with the same keys, clock and providers.
func onRedis(t *testing.T) (one, two *rig, server *redistest.Server) {
	t.Helper()
	server = redistest.Start(t)
	clock := &atomic.Int64{}
	clock.Store(evening)
	keys := openKeys(t)
	desks := []*desk{openDesk(t, "one", clock.Load), openDesk(t, "two", clock.Load)}
	gateway := func() *rig {
		store, err := redis.Open(context.Background(), redis.Options{URL: server.URL(), Now: clock.Load})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		l, err := store.Room(context.Background(), room, defaultRules())
		if err != nil {
			t.Fatal(err)
		}
		r := begin(t, identified(t, settings{engine: l, keys: keys, now: clock.Load, clock: clock}, nil, desks...))
		r.desks = desks
		return r
	}
	one, two = gateway(), gateway()
	return one, two, server
}

func TestOfTwoHundredDevicesAtOnceOneGetsThePerson(t *testing.T) {
	f := func(at ...*rig) {
		t.Helper()
		const devices = 200
		people := make([]*person, devices)
		backs := make([]string, devices)
		d := at[0].desks[0]
		for i := range people {
			people[i] = at[i%len(at)].browser()
			backs[i] = d.logIn(t, people[i].start(d, "/book"), "person=1")
		}
		var won, refused atomic.Int64
		var all sync.WaitGroup
		for i := range people {
			all.Go(func() {
				_, uri, _ := strings.Cut(backs[i], host)
				a, err := people[i].try("GET", uri, "Sec-Fetch-Site", "cross-site")
				switch {
				case err != nil:
					t.Error(err)
				case a.StatusCode == 303 && people[i].ticket() != "":
					won.Add(1)
				case a.StatusCode == 409 && people[i].ticket() == "":
					refused.Add(1)
				default:
					t.Errorf("%d %.100s", a.StatusCode, a.body)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || refused.Load() != devices-1 {
			t.Errorf("%d got the person, %d were refused", won.Load(), refused.Load())
		}
		for _, r := range at {
			_ = r.line.Refresh(context.Background())
			if n := r.line.View().Waiting + r.line.View().Active; n > 1 {
				t.Errorf("%d places for one person", n)
			}
		}
	}
	f(beginIdentified(t, settings{}, nil))
	one, two, _ := onRedis(t)
	f(one, two)
}

func TestATakeoverHoldsAtEveryGateway(t *testing.T) {
	one, two, _ := onRedis(t)
	one.browser().verified(one.desks[0], "person=9")
	one.browser().verified(one.desks[0], "person=8")
	p, q := one.browser().verified(one.desks[0], "person=1"), two.browser()
	if a := q.verify(two.desks[0], "person=1", "/book"); a.StatusCode != 409 {
		t.Fatalf("%d", a.StatusCode)
	}
	one.pass(10 * minute)
	q.verified(two.desks[0], "person=1")
	for _, r := range []*rig{one, two} {
		p.at(r).call("status").want(t, 409, "other_device")
		q.at(r).call("status").want(t, 200, "waiting")
	}
}

func TestAVerificationThatWasBegunAtOneGatewayEndsAtAnother(t *testing.T) {
	one, two, _ := onRedis(t)
	d := one.desks[0]
	p := one.browser()
	back := d.logIn(t, p.start(d, "/book"), "person=1")
	p.at(two).returns(back).want303(t, "/book")
	p.at(one).returns(back).want303(t, "/book") // the back button
	p.at(one).get("/book").wantInside(t, "/book")
	if n := d.demo.Counts().Exchanged; n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
}

func TestNothingThatAProviderTellsIsKept(t *testing.T) {
	who := provider.Person{Number: 4711}
	check := func(r *rig, d *desk, kept map[string][]byte) {
		t.Helper()
		subject := who.Subject(d.issuer)
		kept["metrics"] = r.scrape()
		for where, data := range kept {
			for _, told := range []string{subject, who.Name(), "홍길동", who.Phone(), "0000-4711", who.CI(), who.Born().Format("2006-01-02"), who.Born().Format("20060102"), who.Born().Format("0102")} {
				if bytes.Contains(data, []byte(told)) {
					t.Errorf("%s has %q", where, told)
				}
			}
			if len(data) == 0 {
				t.Errorf("%s is empty: nothing was looked at", where)
			}
		}
	}
	var said bytes.Buffer // everything, as the program logs it at its most talkative
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(&said), zap.DebugLevel))
	telling := func(i *waitingIdentity) {
		i.Told = func(name string, err error) {
			log.Debug("a verification ended", zap.String("provider", name), zap.Error(err))
		}
	}
	visit := func(r *rig) {
		t.Helper()
		p := r.browser().verified(r.desks[0], fmt.Sprint("person=", who.Number))
		p.get("/book").wantInside(t, "/book")
		if a := r.browser().verify(r.desks[0], fmt.Sprint("person=", who.Number), "/book"); a.StatusCode != 409 {
			t.Errorf("%d", a.StatusCode)
		}
		for k, v := range p.cookies {
			if strings.Contains(v, who.Subject(r.desks[0].issuer)) {
				t.Errorf("the cookie %s has it", k)
			}
		}
		for _, forgery := range []provider.Forgery{provider.OldKey, provider.Changed, provider.Audience, provider.Serial} {
			r.desks[0].turn(func(k *knobs) { k.Forge = forgery })
			r.browser().verify(r.desks[0], fmt.Sprint("person=", who.Number), "/book")
		}
		r.desks[0].turn(func(k *knobs) { k.Forge = "" })
	}
	dir, clock := t.TempDir(), &atomic.Int64{}
	clock.Store(evening)
	store, err := memory.Open(memory.Options{Dir: dir, Now: clock.Load})
	if err != nil {
		t.Fatal(err)
	}
	l, err := store.Room(room, defaultRules())
	if err != nil {
		t.Fatal(err)
	}
	desks := []*desk{openDesk(t, "one", clock.Load)}
	r := begin(t, identified(t, settings{engine: l, clock: clock, log: log}, telling, desks...))
	r.desks = desks
	visit(r)
	journal, _ := l.Journal(context.Background(), "", 1000)
	told, _ := json.Marshal(journal)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	check(r, desks[0], map[string][]byte{"data_dir": everything(t, dir), "journal": told, "log": said.Bytes()})
	one, _, server := onRedis(t)
	visit(one)
	check(one, one.desks[0], map[string][]byte{"Redis": dump(t, server)})
}

// everything is all that files in a folder hold, and what they are called.
func everything(t *testing.T, dir string) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(append(all, path...), data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// dump is all that Redis holds, and what it is called.
func dump(t *testing.T, server *redistest.Server) (all []byte) {
	t.Helper()
	ctx, client := context.Background(), server.Client()
	defer client.Close()
	read := map[string][]any{
		"string": {"GET"}, "hash": {"HGETALL"}, "zset": {"ZRANGE", "0", "-1", "WITHSCORES"}, "set": {"SMEMBERS"},
		"list": {"LRANGE", "0", "-1"}, "stream": {"XRANGE", "-", "+"},
	}
	for _, key := range client.Keys(ctx, "*").Val() {
		how := read[client.Type(ctx, key).Val()]
		if how == nil {
			t.Fatalf("%s is of a kind that is not read", key)
		}
		value, err := client.Do(ctx, append([]any{how[0], key}, how[1:]...)...).Result()
		if err != nil {
			t.Fatal(err)
		}
		all = fmt.Appendf(all, "%s %q %v\n", key, fmt.Sprint(value), value)
	}
	return all
}

// scrape is what the gateway's metrics show.
func (r *rig) scrape() []byte {
	registry := prometheus.NewRegistry()
	registry.MustRegister(r.traffic)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, _ := io.ReadAll(w.Body)
	return body
}

var _ queue.Held = (*line)(nil)
