package bound

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/token"
)

// noon is the instant of these tests.
const noon = 1628766000 * second

var key = [32]byte{9}

// stage is a room with keys of its own, and a visitor of it.
type stage struct {
	t    testing.TB
	room Room
	keys *token.Keys
	pass token.Pass
}

func begin(t testing.TB, require bool) *stage {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	keys, err := token.OpenOrMakeKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	device, _ := token.DeviceOf([]byte("AAECAwQFBgcICQoLDA0ODw"), nil, nil)
	return &stage{
		t: t, keys: keys, room: Room{
			Name: "booking", Keys: token.NewRing(dir, keys), Cookies: visitor.NewCookies(true, []string{"booking"}), Require: require,
			Used: &Used{},
		},
		pass: token.Pass{Room: "booking", ID: [16]byte{1}, Device: device, Entry: noon, Issued: noon - 30*second, Expires: noon + 300*second, End: noon + 600*second},
	}
}

// request is one with cookies.
func (s *stage) request(cookies ...string) *strict.Request {
	s.t.Helper()
	raw := "GET / HTTP/1.1\r\nHost: a\r\n"
	if len(cookies) > 0 {
		raw += "Cookie: " + strings.Join(cookies, "; ") + "\r\n"
	}
	ctx := &fasthttp.RequestCtx{}
	if err := ctx.Request.Header.Read(bufio.NewReader(strings.NewReader(raw + "\r\n"))); err != nil {
		s.t.Fatal(err)
	}
	q := &strict.Request{}
	filter := strict.Filter{MaxFields: 100, Cookies: s.room.Cookies.Own()}
	if no := filter.Check(ctx, q); no.Refused() {
		s.t.Fatalf("refused: %v", no)
	}
	return q
}

// bond is that of the visitor with a key.
func (s *stage) bond(key [32]byte) *token.Bond {
	return &token.Bond{Room: "booking", Device: s.pass.Device.ID, Key: key}
}

// confirmed is a bound cookie for a key that lasts until then.
func (s *stage) confirmed(key [32]byte, until int64) string {
	return "__Host-waitroom-bound-booking=" + string(s.keys.AppendBound(nil, s.bond(key), until))
}

func TestARequestIsJudgedByItsKeyAndItsBoundCookie(t *testing.T) {
	s := begin(t, false)
	other := [32]byte{8}
	f := func(why string, device, pass [32]byte, cookie string, want State) {
		t.Helper()
		p := s.pass
		p.Bound = pass
		v := visitor.Visitor{Device: s.pass.Device, Known: true, Bound: device}
		var cookies []string
		if cookie != "" {
			cookies = append(cookies, cookie)
		}
		if got := s.room.Judge(s.request(cookies...), &v, &p, noon); got != want {
			t.Errorf("%s: %d, want %d", why, got, want)
		}
	}
	none, good := [32]byte{}, s.confirmed(key, noon+1)
	f("nothing is bound", none, none, "", Free)
	f("nothing is bound, and a cookie is there", none, none, good, Free)
	f("all is as it should be", key, key, good, Fresh)
	f("the pass is bound, the device has a key of its own", none, key, good, Fresh)
	f("the device is bound, the pass is from before", key, none, good, Fresh)
	f("no cookie", key, key, "", Stale)
	f("the pass alone is bound, no cookie", none, key, "", Stale)
	f("the device alone is bound, no cookie", key, none, "", Stale)
	f("the cookie is over", key, key, s.confirmed(key, noon), Stale)
	f("the cookie of another key", key, key, s.confirmed(other, noon+1), Stale)
	f("pass and device of different keys", key, other, good, Stale)
	f("pass and device of different keys, the other way", other, key, good, Stale)
	f("a forged cookie", key, key, "__Host-waitroom-bound-booking="+strings.Repeat("A", 32), Stale)

	v := visitor.Visitor{Device: s.pass.Device, Known: true, Bound: key}
	if got := s.room.Judge(s.request(), &v, nil, noon); got != Stale {
		t.Errorf("a bound device that shows no pass: %d", got)
	}
	v.Bound = none
	if got := s.room.Judge(s.request(), &v, nil, noon); got != Free {
		t.Errorf("nobody: %d", got)
	}
}

func TestWhereASessionIsRequiredThereAreThirtySecondsForIt(t *testing.T) {
	f := func(why string, require, keyed bool, issued, now int64, want State) {
		t.Helper()
		s := begin(t, require)
		p := s.pass
		if keyed {
			p.Device.Key = [32]byte{7}
		}
		p.Issued = issued
		v := visitor.Visitor{Device: p.Device, Known: true}
		if got := s.room.Judge(s.request(), &v, &p, now); got != want {
			t.Errorf("%s: %d, want %d", why, got, want)
		}
		if s.room.Renews(&p) == require {
			t.Errorf("%s: renewed without a session", why)
		}
		p.Bound = key
		if !s.room.Renews(&p) {
			t.Errorf("%s: a bound pass is not renewed", why)
		}
	}
	f("at the entry", true, false, noon, noon, Free)
	f("at the last moment", true, false, noon, noon+window, Free)
	f("afterwards", true, false, noon, noon+window+1, Missing)
	f("given out again to who has only cookies", true, false, noon+60*second, noon+61*second, Missing)
	f("given out again to who has proved a key", true, true, noon+60*second, noon+61*second, Free)
	f("and late then, too", true, true, noon+60*second, noon+60*second+window+1, Missing)
	f("where it is not required", false, false, noon, noon+window+1, Free)
}

func TestAChallengeIsTakenOnceForAsLongAsItCouldBeSigned(t *testing.T) {
	u, name := &Used{}, [16]byte{1}
	until := int64(noon + token.ChallengeLife)
	f := func(now int64, want bool) {
		t.Helper()
		if got := u.Take(name, until, now); got != want {
			t.Errorf("after %ds: %v", (now-noon)/second, got)
		}
	}
	f(noon, true)
	for now := int64(noon); now < noon+3*token.ChallengeLife; now += 60 * second {
		f(now, false)
		u.Take([16]byte(bytes.Repeat([]byte{byte(now / second)}, 16)), now+1, now) // others come meanwhile
	}
	if !u.Take([16]byte{2}, until, noon+1) {
		t.Error("another one was refused")
	}
}

func TestThereIsABoundToWhatIsRemembered(t *testing.T) {
	u := &Used{}
	for i := range mostUsed {
		if !u.Take([16]byte{byte(i), byte(i >> 8), byte(i >> 16)}, noon+second, noon) {
			t.Fatalf("the %dth was refused", i)
		}
	}
	if u.Take([16]byte{15: 1}, noon+second, noon) {
		t.Error("one too many was taken, which would be forgotten")
	}
	if !u.Take([16]byte{15: 1}, noon+2*token.ChallengeLife, noon+token.ChallengeLife) {
		t.Error("refused for ever")
	}
}

func TestTheBoundCookieOutlivesWhatItsBrowserIsTold(t *testing.T) {
	if cookieLife < 120*time.Second || grace <= 0 || cookieLife.Microseconds()+grace >= token.ChallengeLife {
		t.Error("Chromium is given a quota of signatures; and the challenge has to last until the cookie is over")
	}
}
