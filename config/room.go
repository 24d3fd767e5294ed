package config

import "time"

// Room is one line in front of one protected set of hosts and paths. Everything in it can change
// live. What operators set while running (rate, pause, message) is kept in the store and counts
// above the file.
type Room struct {
	// Name is the room's name in commands, URLs and metrics, and of its line in the store: 1 to
	// 32 lower-case letters, digits and `-`, the first one a letter or digit. A renamed room is a
	// new one, with an empty line. Needed, unique.
	Name string `yaml:"name"`
	// Hosts are the host names that the room answers for: `www.example.kr`, `*.example.kr` for
	// every name below (not example.kr itself), or `*` for any. Never with a port. Default ["*"].
	Hosts []string `yaml:"hosts"`
	// Paths are what the room protects on these hosts. `/book` and `/book/` both mean /book and
	// all below it, not /bookshop; they are kept with the final `/`. Default ["/"], everything.
	Paths []string `yaml:"paths"`
	// OpenPaths within Paths need no pass and are never queued: `/static/` is everything below,
	// `/robots.txt` that path alone. Default none.
	OpenPaths []string `yaml:"open_paths"`
	// Origins are those whose pages may open a WebSocket of the room with a visitor's pass, such as
	// https://app.example.kr: scheme, host and, where it is not the scheme's own, port. The page's
	// own origin always may, and apps that send no Origin. Default none.
	Origins []string `yaml:"origins"`
	// Backend is the protected site: http:// or https://, host and perhaps port, without a path;
	// one, or a list that requests are shared out over. Needed.
	Backend []Backend `yaml:"backend,one"`
	// BackendTLS is how https backends are verified.
	BackendTLS BackendTLS `yaml:"backend_tls"`
	// Health is how dead backends are found.
	Health Health `yaml:"health"`
	// BackendTimeouts bound the wait for a backend.
	BackendTimeouts BackendTimeouts `yaml:"backend_timeouts"`
	// Rate is how many enter in a time, until an operator sets another: 2,000,000/h, 30000/min,
	// 555.5/s, 100/10s. 0 admits nobody. Needed.
	Rate Rate `yaml:"rate"`
	// Burst is how many entries may come at once: in any time T at most Rate x T + Burst enter.
	// Default 10.
	Burst int `yaml:"burst" in:"1..1000000"`
	// OpensAt is when entering begins, RFC 3339 with its zone: 2021-08-12T20:00:00+09:00. Before,
	// people take places and nobody enters. Default: open at once, or by Eligibility.
	OpensAt time.Time `yaml:"opens_at"`
	// ClosesAt is when entering ends; after OpensAt. Default never.
	ClosesAt time.Time `yaml:"closes_at"`
	// BeforeOpening is what becomes of those who come before OpensAt.
	BeforeOpening BeforeOpening `yaml:"before_opening"`
	// Hold is how long a silent ticket keeps its place; each poll renews it. Default 30m.
	Hold time.Duration `yaml:"hold" in:"1m..24h"`
	// Pass is how long who entered may stay.
	Pass Pass `yaml:"pass"`
	// MaxActive is the most passes at a time; 0 is no cap. Default 0.
	MaxActive int `yaml:"max_active" in:"0..100000000"`
	// Waiting is what those who wait get to see.
	Waiting Waiting `yaml:"waiting"`
	// Device is how tickets and passes are bound to the device that they were given to.
	Device Device `yaml:"device"`
	// Identity is required where only verified people get a place: one each, on the device on which
	// they were verified first. Needs the section Identity. Default off.
	Identity string `yaml:"identity" in:"off|required"`
	// DeviceLock is how long that device holds the person; then another may take over, by verifying
	// them again. Default 10m.
	DeviceLock time.Duration `yaml:"device_lock" in:"0s..24h"`
	// Eligibility is who may enter when. Default: everybody, always.
	Eligibility Eligibility `yaml:"eligibility"`
	// Limits bound the new places that one device, address or network gets.
	Limits RoomLimits `yaml:"limits"`
	// Allow lets some requests through without a pass. Default none.
	Allow []Allow `yaml:"allow"`
	// Cache are the public queries that are answered once for everybody inside. Default none.
	Cache []Cache `yaml:"cache"`
	// CacheLimits bound the memory of these answers.
	CacheLimits CacheLimits `yaml:"cache_limits"`
}

// Cache declares that what is below some paths is public: the same for everybody, whoever asks.
// The backend is asked without cookies, pass and subject of the visitor.
type Cache struct {
	// Paths are within the room's: `/slots/*` is everything below, `/slots` that path alone; kept
	// as `/slots/`. Needed.
	Paths []string `yaml:"paths"`
	// TTL is how long an answer is given without asking the backend again; one that says less
	// itself is heard. Needed.
	TTL time.Duration `yaml:"ttl" in:"100ms..24h"`
	// Stale is how long it is given after that, while a new one is fetched or where the backend
	// fails. Default 0s.
	Stale time.Duration `yaml:"stale" in:"0s..24h"`
}

// CacheLimits bound the memory of a room's cache.
type CacheLimits struct {
	// MaxBytes is the most for answers, half for those kept and half for those on their way.
	// Default 64MiB.
	MaxBytes Size `yaml:"max_bytes" in:"1MiB..64GiB"`
	// MaxAnswer is the largest body that is kept; at most an eighth of MaxBytes. Default 1MiB, or
	// that eighth if it is less.
	MaxAnswer Size `yaml:"max_answer" in:"1KiB..1GiB"`
}

// BackendTLS is TLS towards https backends. Certificates are always verified.
type BackendTLS struct {
	// CA is a PEM file with the authorities to trust. Default: those of the system.
	CA string `yaml:"ca"`
	// ServerName is the name that certificates have to carry. Default: the backend's host.
	ServerName string `yaml:"server_name"`
}

// Health is how backends are looked at. One that does not answer gets no requests until it does.
type Health struct {
	// Path is asked for by GET, and has to answer 200 to 399. Default "": a TCP connection is enough.
	Path string `yaml:"path"`
	// Interval is the time between two looks. Default 2s.
	Interval time.Duration `yaml:"interval" in:"100ms..10m"`
	// Timeout is how long an answer may take; at most Interval. Default 1s, or Interval if that
	// is shorter.
	Timeout time.Duration `yaml:"timeout" in:"10ms..1m"`
}

// BackendTimeouts bound the wait for a backend.
type BackendTimeouts struct {
	// Connect is how long a connection may take. Default 3s.
	Connect time.Duration `yaml:"connect" in:"10ms..1m"`
	// Response is how long the head of an answer may take once the request is sent. Default 30s.
	Response time.Duration `yaml:"response" in:"10ms..1h"`
}

// The values of BeforeOpening.Order.
const (
	OrderArrival = "arrival"
	OrderDraw    = "draw"
)

// BeforeOpening is what becomes of those who come before the opening.
type BeforeOpening struct {
	// Order is arrival, who came first goes first, or draw, an order drawn by lot at the opening,
	// which anyone can check; draw needs OpensAt, or windows of Eligibility. Who comes after the
	// opening comes after them either way. Default arrival.
	Order string `yaml:"order" in:"arrival|draw"`
}

// Pass is how long a pass lasts.
type Pass struct {
	// TTL is how long a pass lasts at most, from the entry. Default 10m.
	TTL time.Duration `yaml:"ttl" in:"1s..24h"`
	// Idle is how long it lasts without a request; at most TTL. Default 5m, or TTL if that is
	// shorter.
	Idle time.Duration `yaml:"idle" in:"1s..24h"`
	// Rotate is how long one generation of it is in use before an answer brings the next, so that
	// copies are found; at most half of Idle. Default 1m, or half of Idle if that is shorter.
	Rotate time.Duration `yaml:"rotate" in:"1s..1h"`
}

// Waiting is what those who wait get to see.
type Waiting struct {
	// Status is the HTTP status of the waiting page. Default 200.
	Status int `yaml:"status" in:"200|202|429|503"`
	// Page is an HTML file to show in place of the built-in page, with {{name}} fields. Default
	// none. It is at most 1MiB.
	Page string `yaml:"page"`
}
