package load

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// ErrNotOurs refuses a target that is not on this machine, unless Plan.IOwnIt says
// that it is one's own.
var ErrNotOurs = errors.New("the target is not on this machine; if it is your own, say so with -i-own-it")

// Plan is what is to be played. The zero value of a field is its default.
type Plan struct {
	// Target is the gateway's visitors' listener, such as http://127.0.0.1:8080.
	Target string
	// Host is the Host field that is sent; by default that of the target.
	Host string
	// Rooms are the rooms to which visitors come in turn; by default booking.
	Rooms []string
	// Visitors is how many come in all; by default 1,000.
	Visitors int
	// Pattern is when they come; by default Wall.
	Pattern Pattern
	// Within is the time in which all come; by default that of the pattern.
	Within time.Duration
	// For ends the run early, or when it takes too long: an hour by default.
	For time.Duration
	// NoShow is the share of those who take a place and never ask again.
	NoShow float64
	// Late is the share of those who enter LateBy (15 s by default) after their call.
	Late   float64
	LateBy time.Duration
	// Reload is the share of those who, instead of asking when they are told to, join
	// again every ReloadEvery (1 s by default), and ask twice for their pass.
	Reload      float64
	ReloadEvery time.Duration
	// Browse is how many pages each visitor sees inside, Think apart (1 s by default),
	// and Pages what they see in turn; by default /. 0 enters and leaves at once.
	Browse int
	Think  time.Duration
	Pages  []string
	// Stay leaves out the leaving, so that passes run out by themselves.
	Stay bool
	// RatePerHour and Burst are what the room is set to, and what entries are held
	// against: for each of the rooms. A rate of 0 leaves the ceiling unchecked.
	RatePerHour float64
	Burst       int
	// Connections is how many the visitors share; by default 128.
	Connections int
	// Identity is how visitors are verified; nil where nobody asks them.
	Identity *Identity
	// Seed decides who is absent, late or impatient, and when each comes.
	Seed uint64
	// IOwnIt allows a target that is not on this machine.
	IOwnIt bool
	// Progress is told each second how it goes; it must not block. Nil tells nobody.
	Progress func(Progress)

	url *url.URL
}

// ErrImpossible is in every error about what a plan says.
var ErrImpossible = errors.New("the plan is impossible")

// The bounds of a plan.
const (
	maxVisitors    = 20_000_000
	maxConnections = 4096
	maxRooms       = 256
	maxBrowse      = 10_000
	maxHost        = 255
)

// filled is the plan with its defaults, or what is impossible about it.
func (p Plan) filled() (Plan, error) {
	p.Rooms = slices.Clone(p.Rooms)
	if len(p.Rooms) == 0 {
		p.Rooms = []string{"booking"}
	}
	if len(p.Pages) == 0 {
		p.Pages = []string{"/"}
	}
	p.Visitors = cmp.Or(p.Visitors, 1000)
	p.Pattern = cmp.Or(p.Pattern, Wall)
	p.Within = cmp.Or(p.Within, p.Pattern.usual())
	p.For = p.Ends()
	p.LateBy = cmp.Or(p.LateBy, 15*time.Second)
	p.ReloadEvery = cmp.Or(p.ReloadEvery, time.Second)
	p.Think = cmp.Or(p.Think, time.Second)
	p.Connections = min(cmp.Or(p.Connections, 128), max(1, p.Visitors))
	p.Burst = cmp.Or(p.Burst, 1)
	var err error
	if p.url, err = url.Parse(p.Target); err != nil {
		return p, fmt.Errorf("%w: target %q: %w", ErrImpossible, p.Target, err)
	}
	if p.url.Scheme != "http" && p.url.Scheme != "https" || p.url.Host == "" || p.url.Path != "" && p.url.Path != "/" {
		return p, fmt.Errorf("%w: target %q is not of the form http://HOST:PORT", ErrImpossible, p.Target)
	}
	p.Host = cmp.Or(p.Host, p.url.Host)
	if p.Identity, err = p.Identity.filled(); err != nil {
		return p, err
	}
	return p, p.possible()
}

func (p *Plan) possible() error {
	for _, c := range []struct {
		bad  bool
		what string
	}{
		{p.Visitors < 0 || p.Visitors > maxVisitors, "visitors must be 1 to 20,000,000"},
		{p.Connections < 1 || p.Connections > maxConnections, "connections must be 1 to 4096"},
		{len(p.Rooms) > maxRooms, "at most 256 rooms"},
		{p.Browse < 0 || p.Browse > maxBrowse, "a visitor sees 0 to 10,000 pages"},
		{!p.Pattern.known(), fmt.Sprintf("there is no pattern %q: wall, steady or evening", p.Pattern)},
		{bad(p.NoShow) || bad(p.Late) || bad(p.Reload), "shares are from 0 to 1"},
		{p.Within < 0 || p.For < 0 || p.LateBy < 0 || p.ReloadEvery < 0 || p.Think < 0, "no time is negative"},
		{p.ReloadEvery < time.Millisecond, "reloads are at least a millisecond apart"},
		{p.RatePerHour < 0 || p.Burst < 1, "the rate is at least 0, and the burst at least 1"},
		{len(p.Host) > maxHost || !visible(p.Host), "the host cannot be in a request"},
	} {
		if c.bad {
			return fmt.Errorf("%w: %s", ErrImpossible, c.what)
		}
	}
	for _, name := range append(slices.Clone(p.Rooms), p.Pages...) {
		if name == "" || !visible(name) {
			return fmt.Errorf("%w: %q cannot be in a request", ErrImpossible, name)
		}
	}
	for _, page := range p.Pages {
		if page[0] != '/' {
			return fmt.Errorf("%w: page %q does not begin with a slash", ErrImpossible, page)
		}
	}
	return nil
}

// bad says whether a number is no share.
func bad(share float64) bool { return !(share >= 0 && share <= 1) }

// visible says whether a text is ASCII without spaces and controls.
func visible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// Ends is when the plan ends at the latest.
func (p Plan) Ends() time.Duration { return cmp.Or(p.For, usualFor) }

// usualFor is how long a plan may take unless it says otherwise.
const usualFor = time.Hour

// Least is the shortest time that the plan can take: all must come, and where the
// rate is known those who show up must enter. It is at most For.
func (p Plan) Least() time.Duration {
	p, err := p.filled()
	if err != nil {
		return 0
	}
	least := p.Within
	if perSecond := p.RatePerHour / 3600 * float64(len(p.Rooms)); perSecond > 0 {
		enter := float64(p.Visitors) * (1 - p.NoShow) / perSecond
		least = max(least, time.Duration(min(enter, 1e9)*float64(time.Second)))
	}
	return min(least, p.For)
}
