package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const oneRoom = "rooms:\n  - {name: booking, backend: \"http://127.0.0.1:9000\", rate: 1/s}\n"

func TestAFileWithOneRoomGetsEveryDefault(t *testing.T) {
	got := mustParse(t, oneRoom)
	want := Default()
	room := DefaultRoom()
	room.Name, room.Backend, room.Rate = "booking", []Backend{{Addr: "127.0.0.1:9000"}}, mustRate(t, "1/s")
	want.Rooms = []Room{room}
	if diff := cmp.Diff(want, got, compareValues()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !got.Store.Embedded() || got.Store.usesTLS() {
		t.Errorf("the store is %v", got.Store)
	}
}

const publicPEM = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"

func TestEverySettingIsTakenFromTheFile(t *testing.T) {
	dir := t.TempDir()
	certPEM, keyPEM := certificate(t)
	for name, data := range map[string]string{"c.pem": certPEM, "k.pem": keyPEM, "token": "s3cret\r\n", "public.pem": publicPEM, "page.html": "<p>{{position}}",
		"crawlers.json": `{"prefixes": [{"ipv6Prefix": "2001:db8:10::/64"}, {"ipv4Prefix": "192.0.2.64/27"}]}`} {
		write(t, filepath.Join(dir, name), data)
	}
	file := filepath.Join(dir, "waitroom.yaml")
	got, err := Parse(file, []byte(`
listen: ":443"
tls: {cert: c.pem, key: k.pem}
operator: {listen: "10.0.0.1:8081", token_file: token}
store:
  username: me
  password_file: token
  sentinel: {addresses: [a:26379, "[::1]:26379"], master: m, username: s, password: p}
  tls: {enabled: true, ca: c.pem, cert: c.pem, key: k.pem, server_name: redis.internal}
  prefix: Line-1
data_dir: /var/lib/waitroom
keys: {dir: /etc/waitroom/keys}
trusted_proxies: [10.0.0.0/8, 192.0.2.7, "2001:db8::/32", "::ffff:192.0.2.8"]
cookies: {secure: false}
log: {level: debug, format: console}
identity:
  origin: https://www.b.kr:8443
  person: [ci]
  providers:
    - name: kakao
      type: kakao
      label: {ko: 카카오, en: Kakao}
      issuer: https://id.example.kr/kakao
      client_id: c
      client_secret_file: token
      scopes: [openid, birthday]
      algorithms: [ES256, EdDSA]
      claims: {birthdate: a, birthyear: b, birthday: c, birthday_type: d, ci: e}
      required: [birthdate, phone_number]
      profile: http://127.0.0.1:9/me
      app_redirects: ["kr.example.app:/login", "https://app.example.kr/login"]
      timeout: 2s
      max_concurrent: 8
      ca: c.pem
    - {name: naver, type: naver, client_id: n, client_secret: hunter2}
    - {name: pass-1, type: signed, issuer: "https://pass.example.kr", keys_file: public.pem, algorithms: [EdDSA], audience: booking, start: "https://pass.example.kr/verify"}
limits: {read_timeout: 1s, write_timeout: 2s, idle_timeout: 3s, max_header: 8KiB, max_body: 1GiB, max_header_fields: 50, max_connections: 1000, drain: 0s, bad_requests_per_address: 500/10s, bad_requests_per_network: off, remembered: 2048}
rooms:
  - name: booking-2
    hosts: [WWW.Example.kr, "*.b.kr", "[::1]"]
    paths: [/book, /예약/]
    open_paths: [/book/css/, /book/robots.txt]
    backend: [https://b1, "https://b2:8443"]
    backend_tls: {ca: c.pem, server_name: b.internal}
    health: {path: /health?deep=1, interval: 500ms, timeout: 500ms}
    backend_timeouts: {connect: 1s, response: 1m}
    rate: 100/10s
    burst: 7
    opens_at: 2021-08-12T20:00:00+09:00
    closes_at: "2021-08-13T18:00:00+09:00"
    before_opening: {order: draw}
    hold: 1h30m
    pass: {ttl: 20m, idle: 20m, rotate: 5m}
    max_active: 5000
    device: {key: require, bind_address: prefix, dbsc: off}
    identity: required
    device_lock: 20m
    eligibility:
      zone: Asia/Seoul
      on_close: end
      quota: 1,900,000
      groups: [{name: priority, claim: priority_group, in: ["y", "1"]}, {name: invited, invitations: true}]
      windows:
        - {kind: rotation, first: 2021-08-09, last: 2021-08-18, opens: "20:00", closes: 18:00:30}
        - {kind: group, group: priority, from: 2021-08-05T20:00, until: "2021-09-18T18:00:01"}
        - {kind: group, group: invited, first: 2024-02-29, last: 2024-02-29, opens: 00:00, closes: 00:00}
        - kind: everyone
          from: 2021-08-19T20:00
          until: 2021-09-18T18:00
    waiting: {status: 503, page: page.html}
    cache:
      - {paths: [/book/slots/*, /book/today], ttl: 1s, stale: 30s}
      - paths: [/book/빈자리/]
        ttl: 500ms
    limits: {joins_per_device: off, joins_per_address: "3,000/h", joins_per_network: 1/24h, proof_of_work: {mode: when_limited, cost: 5000, digits: 2, life: 1m},
      captcha: {kind: off, mode: always, site_key: k, secret_file: token, verify_url: "http://127.0.0.1:9/v", timeout: 1s, when_down: refuse}}
    allow:
      - {name: monitor, paths: [/book/health], methods: [POST], header: {name: X-Key, secret: hunter2hunter2hunter2}}
      - {name: crawler, paths: [/book/notice/*], addresses: [192.0.2.7], ranges_file: crawlers.json, reverse_names: [.GoogleBot.com]}
    cache_limits: {max_bytes: 8MiB, max_answer: 2KiB}
  - {name: other, hosts: [other.kr], backend: "http://o", rate: 0}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	seoul := time.FixedZone("", 9*3600)
	other := DefaultRoom()
	other.Name, other.Hosts, other.Backend = "other", []string{"other.kr"}, []Backend{{Addr: "o:80"}}
	want := &Config{
		Listen:   ":443",
		TLS:      TLS{in("c.pem"), in("k.pem")},
		Operator: Operator{Listen: "10.0.0.1:8081", Token: newSecret("s3cret"), TokenFile: in("token")},
		Store: Store{
			Username: "me", Password: newSecret("s3cret"), PasswordFile: in("token"), Prefix: "Line-1",
			Sentinel: Sentinel{Addresses: []string{"a:26379", "[::1]:26379"}, Master: "m", Username: "s", Password: newSecret("p")},
			TLS:      StoreTLS{true, in("c.pem"), in("c.pem"), in("k.pem"), "redis.internal"},
		},
		DataDir: "/var/lib/waitroom",
		Keys:    Keys{Dir: "/etc/waitroom/keys"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"),
			netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("192.0.2.8/32")},
		Cookies: Cookies{false},
		Log:     Log{"debug", "console"},
		Identity: Identity{"https://www.b.kr:8443", []string{"ci"}, []IdentityProvider{
			{
				Name: "kakao", Type: ProviderKakao, Label: IdentityLabel{"카카오", "Kakao"}, Issuer: "https://id.example.kr/kakao",
				ClientID: "c", ClientSecret: newSecret("s3cret"), ClientSecretFile: in("token"),
				Scopes: []string{"openid", "birthday"}, Algorithms: []string{"ES256", "EdDSA"}, Claims: IdentityClaims{"a", "b", "c", "d", "e"},
				Required: []string{"birthdate", "phone_number"}, Profile: "http://127.0.0.1:9/me", AppRedirects: []string{"kr.example.app:/login", "https://app.example.kr/login"},
				Timeout: 2 * time.Second, MaxConcurrent: 8, CA: in("c.pem"),
			},
			{Name: "naver", Type: ProviderNaver, ClientID: "n", ClientSecret: newSecret("hunter2"), Timeout: 5 * time.Second, MaxConcurrent: 64},
			{Name: "pass-1", Type: ProviderSigned, Issuer: "https://pass.example.kr", KeysFile: in("public.pem"), Algorithms: []string{"EdDSA"}, Audience: "booking",
				Start: "https://pass.example.kr/verify", Timeout: 5 * time.Second, MaxConcurrent: 64},
		}},
		Limits: Limits{time.Second, 2 * time.Second, 3 * time.Second, 8 * kib, gib, 50, 1000, 0, Limit{500, 10 * time.Second}, Limit{}, 2048},
		Rooms: []Room{{
			Name:            "booking-2",
			Hosts:           []string{"www.example.kr", "*.b.kr", "[::1]"},
			Paths:           []string{"/book/", "/예약/"},
			OpenPaths:       []string{"/book/css/", "/book/robots.txt"},
			Backend:         []Backend{{true, "b1:443"}, {true, "b2:8443"}},
			BackendTLS:      BackendTLS{in("c.pem"), "b.internal"},
			Health:          Health{"/health?deep=1", 500 * time.Millisecond, 500 * time.Millisecond},
			BackendTimeouts: BackendTimeouts{time.Second, time.Minute},
			Rate:            mustRate(t, "100/10s"),
			Burst:           7,
			OpensAt:         time.Date(2021, 8, 12, 20, 0, 0, 0, seoul),
			ClosesAt:        time.Date(2021, 8, 13, 18, 0, 0, 0, seoul),
			BeforeOpening:   BeforeOpening{OrderDraw},
			Hold:            90 * time.Minute,
			Pass:            Pass{20 * time.Minute, 20 * time.Minute, 5 * time.Minute},
			MaxActive:       5000,
			Waiting:         Waiting{503, in("page.html")},
			Device:          Device{DeviceRequire, BindPrefix, DeviceOff},
			Identity:        IdentityRequired,
			DeviceLock:      20 * time.Minute,
			Eligibility: Eligibility{"Asia/Seoul", CloseEnd, 1_900_000,
				[]EligibleGroup{{Name: "priority", Claim: "priority_group", In: []string{"y", "1"}}, {Name: "invited", Invitations: true}},
				[]Window{
					{Kind: WindowRotation, First: Date{day(8, 9)}, Last: Date{day(8, 18)},
						Opens: ClockTime{20 * time.Hour}, Closes: ClockTime{18*time.Hour + 30*time.Second}},
					{Kind: WindowGroup, Group: "priority", From: LocalTime{day(8, 5).Add(20 * time.Hour)}, Until: LocalTime{day(9, 18).Add(18*time.Hour + time.Second)}},
					{Kind: WindowGroup, Group: "invited", First: Date{time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)}, Last: Date{time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)}},
					{Kind: WindowEveryone, From: LocalTime{day(8, 19).Add(20 * time.Hour)}, Until: LocalTime{day(9, 18).Add(18 * time.Hour)}},
				}},
			Limits: RoomLimits{Limit{}, Limit{3000, time.Hour}, Limit{1, 24 * time.Hour},
				ProofOfWork{WorkWhenLimited, 5000, 2, time.Minute},
				Captcha{CaptchaOff, WorkAlways, "k", newSecret("s3cret"), in("token"), "http://127.0.0.1:9/v", time.Second, DownRefuse}},
			Allow: []Allow{
				{Name: "monitor", Paths: []string{"/book/health"}, Methods: []string{"POST"},
					Header: AllowHeader{Name: "X-Key", Secret: newSecret("hunter2hunter2hunter2")}},
				{Name: "crawler", Paths: []string{"/book/notice/"}, Methods: []string{"GET", "HEAD"}, RangesFile: in("crawlers.json"),
					Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8:10::/64"),
						netip.MustParsePrefix("192.0.2.64/27")}, ReverseNames: []string{"googlebot.com"}},
			},
			Cache: []Cache{
				{[]string{"/book/slots/", "/book/today"}, time.Second, 30 * time.Second},
				{[]string{"/book/빈자리/"}, 500 * time.Millisecond, 0},
			},
			CacheLimits: CacheLimits{8 * mib, 2 * kib},
		}, other},
	}
	if diff := cmp.Diff(want, got, compareValues()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !got.Store.usesTLS() || got.Store.Embedded() {
		t.Errorf("the store is %v", got.Store)
	}
}

func TestDefaultsFollowTheSettingsThatTheyHangOn(t *testing.T) {
	c := mustParse(t, "data_dir: /data\nrooms: [{name: a, backend: \"http://b\", rate: 1/s, pass: {ttl: 2m}, health: {interval: 500ms}}]")
	if got := c.Keys.Dir; got != "/data/keys" {
		t.Errorf("keys.dir is %s", got)
	}
	if got := c.Rooms[0].Pass.Idle; got != 2*time.Minute {
		t.Errorf("pass.idle is %v", got)
	}
	if got := c.Rooms[0].Pass.Rotate; got != time.Minute {
		t.Errorf("pass.rotate is %v", got)
	}
	if got := c.Rooms[0].Health.Timeout; got != 500*time.Millisecond {
		t.Errorf("health.timeout is %v", got)
	}
}

func TestWaysToTheStoreThatArePossible(t *testing.T) {
	f := func(store string) {
		t.Helper()
		if _, err := Parse("w.yaml", []byte("store: "+store+"\nkeys: {dir: /k}\n"+oneRoom), nil); err != nil {
			t.Error(err)
		}
	}
	f(`{}`)
	f(`{url: ""}`)
	f(`{url: "redis://h"}`)
	f(`{url: "redis://h/0"}`)
	f(`{url: "redis://h:6379/15", username: u, password: p}`)
	f(`{url: "redis://:p@[::1]:6379"}`)
	f(`{url: "rediss://h", tls: {server_name: x}}`)
	f(`{url: "unix:///run/redis.sock"}`)
	f(`{url: "unix:///run/redis.sock?db=3", password: p}`)
	f(`{cluster: {addresses: [h:6379]}, tls: {enabled: true}}`)
	f(`{sentinel: {addresses: [h:26379], master: m}}`)
	f("\n  # all of it commented out")
}

func TestListenersThatGoTogether(t *testing.T) {
	f := func(listen, operator string) {
		t.Helper()
		_, err := Parse("w.yaml", []byte("listen: \""+listen+"\"\noperator: {listen: \""+operator+"\", token: t}\n"+oneRoom), nil)
		if err != nil {
			t.Error(err)
		}
	}
	f("127.0.0.1:0", "127.0.0.1:0") // two free ports
	f("10.0.0.1:80", "10.0.0.2:80")
	f(":80", ":81")
	f("[::1]:80", "127.0.0.1:80")
	f("localhost:80", "localhost:81")
}

func TestVariablesOverrideTheFile(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	write(t, token, "from-file\n")
	file := "listen: nonsense\noperator: {token: old}\nkeys: {dir: /k}\nlimits: {drain: 1s}\n" + oneRoom
	c := mustParse(t, file,
		"PATH=/bin", "WAITROOM_LISTEN=:0", "WAITROOM_OPERATOR_TOKEN_FILE="+token, "WAITROOM_STORE_URL=redis://h",
		"WAITROOM_COOKIES_SECURE=false", "WAITROOM_LIMITS_DRAIN=5s", "WAITROOM_LIMITS_MAX_HEADER=32KiB",
		"WAITROOM_LIMITS_MAX_HEADER_FIELDS=20", "WAITROOM_DATA_DIR=", "WAITROOM_CONFIG=x", "WAITROOM_OPERATOR_URL=http://h")
	got := []any{c.Listen, c.Operator.Token.Reveal(), c.Operator.TokenFile, c.Store.URL.Reveal(), c.Cookies.Secure,
		c.Limits.Drain, c.Limits.MaxHeader, c.Limits.MaxHeaderFields, c.DataDir}
	want := []any{":0", "from-file", token, "redis://h", false, 5 * time.Second, 32 * kib, 20, "./waitroom-data"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	c = mustParse(t, "operator: {token_file: nowhere}\n"+oneRoom, "WAITROOM_OPERATOR_TOKEN=new")
	if c.Operator.Token.Reveal() != "new" || c.Operator.TokenFile != "" {
		t.Errorf("the token of the environment does not replace the file's token_file: %+v", c.Operator)
	}
}

func TestVariablesThatKubernetesMakesAreNoMistake(t *testing.T) {
	mustParse(t, oneRoom,
		"WAITROOM_SERVICE_HOST=10.0.0.1", "WAITROOM_SERVICE_PORT=80", "WAITROOM_SERVICE_PORT_HTTP=80",
		"WAITROOM_PORT=tcp://10.0.0.1:80", "WAITROOM_PORT_80_TCP=tcp://10.0.0.1:80", "WAITROOM_PORT_80_TCP_PROTO=tcp",
		"WAITROOM_PORT_80_TCP_PORT=80", "WAITROOM_PORT_80_TCP_ADDR=10.0.0.1",
		"WAITROOM_OPERATOR_SERVICE_HOST=10.0.0.2", "WAITROOM_OPERATOR_PORT=tcp://10.0.0.2:81")
	if _, err := Parse("w.yaml", []byte(oneRoom), []string{"WAITROOM_PORT=8080"}); err == nil {
		t.Error("WAITROOM_PORT=8080, which somebody meant to have an effect, is taken silently")
	}
}

func TestEveryScalarOutsideOfRoomsHasAVariable(t *testing.T) {
	names := envVars()
	for _, want := range []string{"WAITROOM_LISTEN", "WAITROOM_TLS_CERT", "WAITROOM_OPERATOR_TOKEN", "WAITROOM_OPERATOR_TOKEN_FILE",
		"WAITROOM_STORE_URL", "WAITROOM_STORE_URL_FILE", "WAITROOM_STORE_SENTINEL_PASSWORD_FILE", "WAITROOM_DATA_DIR", "WAITROOM_LIMITS_DRAIN"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %v", want, names)
		}
	}
	for _, name := range names {
		if strings.Contains(name, "ROOMS") || slices.Contains(envOfCommands(), name) {
			t.Errorf("%s is not to be a setting", name)
		}
	}
}

func TestAFileThatCannotBeReadIsNamedWithWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waitroom.yaml")
	_, err := Load(path, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	want := "read configuration " + path + ": no such file or directory; name the file with -c, and begin with waitroom.example.yaml if there is none"
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	write(t, path, strings.Repeat("#", maxFile+1))
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), "larger than 1MiB") {
		t.Errorf("a file without end: %v", err)
	}
	if _, err := Load("/dev/zero", nil); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a device: %v", err)
	}
}

func TestListsAreBounded(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := Parse("w.yaml", []byte(text), nil); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	f("rooms: ["+strings.Repeat("{},", maxRooms+1)+"]", "w.yaml:1:1: there are 257 rooms; write at most 256")
	hosts := ""
	for i := range maxEntries + 1 {
		hosts += fmt.Sprintf("h%d.kr,", i)
	}
	f("rooms: [{name: a, backend: \"http://b\", rate: 1/s, hosts: ["+hosts+"]}]", "w.yaml:1:51: `hosts` has 257 entries; write at most 256")
}

func TestAProblemPointsAtItsPlace(t *testing.T) {
	f := func(p Problem, want string) {
		t.Helper()
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(Problem{"w.yaml", 3, 7, "a is wrong", "write b"}, "w.yaml:3:7: a is wrong; write b")
	f(Problem{"WAITROOM_X", 0, 0, "a is wrong", "write b"}, "WAITROOM_X: a is wrong; write b")
	f(Problem{"w.yaml", 3, 7, "a is wrong", ""}, "w.yaml:3:7: a is wrong")
	f(Problem{"WAITROOM_\n\x1b[2J예", 0, 0, "a", "b"}, `WAITROOM_\n\x1b[2J예: a; b`) // one line, whatever the name
}

func mustParse(t *testing.T, text string, environ ...string) *Config {
	t.Helper()
	c, err := Parse("w.yaml", []byte(text), environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificate makes a certificate for tests, with its key.
func certificate(t *testing.T) (certPEM, keyPEM string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<32, 0), DNSNames: []string{"example.kr"}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// day is the midnight with which a day of 2021 begins, as local times are kept.
func day(month time.Month, day int) time.Time {
	return time.Date(2021, month, day, 0, 0, 0, 0, time.UTC)
}
