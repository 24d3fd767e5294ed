package allow

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// zone is a name server on a real socket: what it was asked for, by name and type, and its answers.
type zone struct {
	records map[string]string // "name type" → a name or an address
	asked   atomic.Int64
}

const (
	typeA    = 1
	typePTR  = 12
	typeAAAA = 28
)

// serve answers until the test ends, and gives the resolver that asks it.
func (z *zone) serve(t *testing.T) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = c.Close(); <-done })
	go func() {
		defer close(done)
		var buf [512]byte
		for {
			n, from, err := c.ReadFrom(buf[:])
			if err != nil {
				return
			}
			z.asked.Add(1)
			_, _ = c.WriteTo(z.answer(buf[:n]), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// answer is a response to a question, RFC 1035, section 4.
func (z *zone) answer(q []byte) []byte {
	name, end := "", 12
	for q[end] != 0 {
		name += string(q[end+1:end+1+int(q[end])]) + "."
		end += 1 + int(q[end])
	}
	kind := binary.BigEndian.Uint16(q[end+1:])
	question := q[12 : end+5]
	value, ok := z.records[strings.ToLower(name)+map[uint16]string{typeA: " A", typeAAAA: " AAAA", typePTR: " PTR"}[kind]]
	head := append([]byte{q[0], q[1], 0x84, 0}, 0, 1, 0, 0, 0, 0, 0, 0)
	if !ok {
		return append(head, question...)
	}
	head[7] = 1
	var data []byte
	if kind == typePTR {
		for label := range strings.SplitSeq(strings.TrimSuffix(value, "."), ".") {
			data = append(append(data, byte(len(label))), label...)
		}
		data = append(data, 0)
	} else {
		data = netip.MustParseAddr(value).AsSlice()
	}
	b := append(append(head, question...), 0xC0, 12)
	b = binary.BigEndian.AppendUint16(b, kind)
	b = append(b, 0, 1, 0, 0, 0, 60)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

func TestAReverseNameCountsIfItLeadsBackToTheAddress(t *testing.T) {
	z := &zone{records: map[string]string{
		"7.2.0.192.in-addr.arpa. PTR":  "crawl-7.googlebot.com.",
		"crawl-7.googlebot.com. A":     "192.0.2.7",
		"8.2.0.192.in-addr.arpa. PTR":  "crawl-8.googlebot.com.", // claimed by who owns the address
		"crawl-8.googlebot.com. A":     "192.0.2.99",
		"9.2.0.192.in-addr.arpa. PTR":  "crawl.evilgooglebot.com.",
		"crawl.evilgooglebot.com. A":   "192.0.2.9",
		"10.2.0.192.in-addr.arpa. PTR": "googlebot.com.evil.kr.",
		"googlebot.com.evil.kr. A":     "192.0.2.10",
		"11.2.0.192.in-addr.arpa. PTR": "GoogleBot.com.",
		"googlebot.com. A":             "192.0.2.11",
		"12.2.0.192.in-addr.arpa. PTR": "nowhere.googlebot.com.",
	}}
	n := NewNames(z.serve(t))
	f := func(addr string, want bool) {
		t.Helper()
		if got := n.Confirmed(netip.MustParseAddr(addr), []string{"google.com", "googlebot.com"}); got != want {
			t.Errorf("%s: %t, want %t", addr, got, want)
		}
	}
	f("192.0.2.7", true)
	f("::ffff:192.0.2.7", true)
	f("192.0.2.8", false)
	f("192.0.2.9", false)
	f("192.0.2.10", false)
	f("192.0.2.11", true)
	f("192.0.2.12", false)
	f("192.0.2.13", false)
	if n.Confirmed(netip.Addr{}, []string{"googlebot.com"}) || (*Names)(nil).Confirmed(netip.MustParseAddr("192.0.2.7"), []string{"googlebot.com"}) {
		t.Error("no address, or nobody to ask, is confirmed")
	}
}

func TestAnAddressIsAskedAboutOnceInAWhile(t *testing.T) {
	z := &zone{records: map[string]string{"7.2.0.192.in-addr.arpa. PTR": "a.googlebot.com.", "a.googlebot.com. A": "192.0.2.7"}}
	n := NewNames(z.serve(t))
	var passed atomic.Int64
	n.now = func() time.Time { return time.Unix(passed.Load(), 0) }
	known, unknown := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8")
	ask := func(want int64) {
		t.Helper()
		before := z.asked.Load()
		if !n.Confirmed(known, []string{"googlebot.com"}) || n.Confirmed(unknown, []string{"googlebot.com"}) {
			t.Error("another answer than before")
		}
		if asked := z.asked.Load() - before; (asked > 0) != (want > 0) {
			t.Errorf("after %ds: %d questions", passed.Load(), asked)
		}
	}
	ask(1)
	ask(0)
	passed.Store(int64(unknownFor/time.Second) - 1)
	ask(0)
	passed.Store(int64(unknownFor/time.Second) + 1)
	ask(1)
	passed.Store(int64(knownFor/time.Second) + 1)
	ask(1)
	for i := range maxKnown + 50 {
		n.mu.Lock()
		n.known[netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})] = found{until: n.now().Add(time.Hour)}
		n.mu.Unlock()
	}
	n.Confirmed(netip.MustParseAddr("192.0.2.9"), []string{"googlebot.com"})
	if len(n.known) > maxKnown {
		t.Errorf("%d addresses are remembered", len(n.known))
	}
}

func TestWhileAsManyAreAskedAboutAsMayNobodyElseIsConfirmed(t *testing.T) {
	z := &zone{records: map[string]string{"7.2.0.192.in-addr.arpa. PTR": "a.googlebot.com.", "a.googlebot.com. A": "192.0.2.7"}}
	n := NewNames(z.serve(t))
	for range maxLookups {
		n.asking <- struct{}{}
	}
	addr := netip.MustParseAddr("192.0.2.7")
	if n.Confirmed(addr, []string{"googlebot.com"}) || z.asked.Load() != 0 {
		t.Error("one more was asked about")
	}
	<-n.asking
	if !n.Confirmed(addr, []string{"googlebot.com"}) {
		t.Error("not being asked about was remembered")
	}
}
