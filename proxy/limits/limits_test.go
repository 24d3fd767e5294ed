package limits

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	sec       = int64(time.Second)
	oneMinute = 60 * sec
)

func TestSoManyMayComeAtOnceAndThenOneInEachShare(t *testing.T) {
	l := Limit{Count: 3, Period: 30 * time.Second}
	at, now := int64(0), 100*sec
	take := func(want time.Duration) {
		t.Helper()
		next, wait := l.take(at, now)
		if wait != want {
			t.Fatalf("at %v: wait %v, want %v", time.Duration(now), wait, want)
		}
		at = next
	}
	take(0)
	take(0)
	take(0)
	take(10 * time.Second)
	take(10 * time.Second) // a refusal costs nothing
	now += 9 * sec
	take(time.Second)
	now += sec
	take(0)
	take(10 * time.Second)
	now += 3600 * sec // no more than the count is saved up
	take(0)
	take(0)
	take(0)
	take(10 * time.Second)
}

func TestInEveryWindowNoMoreThanTwiceTheCountIsTaken(t *testing.T) {
	l := Limit{Count: 50, Period: 10 * time.Second}
	at := int64(0)
	var taken []int64
	for now := int64(0); now < 100*sec; now += sec / 50 { // asks ten times as often as it may
		next, wait := l.take(at, now)
		at = next
		if wait == 0 {
			taken = append(taken, now)
		}
	}
	for i := range taken {
		in := 0
		for _, later := range taken[i:] {
			if later-taken[i] <= int64(l.Period) {
				in++
			}
		}
		if in > 2*l.Count {
			t.Fatalf("%d in the window from %v", in, time.Duration(taken[i]))
		}
	}
	if want := l.Count * 10; len(taken) < want || len(taken) > want+l.Count {
		t.Errorf("%d were taken in ten periods, want %d and the first ones", len(taken), want)
	}
}

func TestAddressesAndNetworksAreWhatIsHandedOutToOne(t *testing.T) {
	f := func(a, b string, address, network bool) {
		t.Helper()
		for _, c := range []struct {
			door Door
			same bool
		}{
			{Door{PerAddress: Limit{1, time.Minute}}, address},
			{Door{PerNetwork: Limit{1, time.Minute}}, network},
			{Door{BadPerAddress: Limit{1, time.Minute}}, address},
			{Door{BadPerNetwork: Limit{1, time.Minute}}, network},
		} {
			d := c.door
			d.Table = NewTable(64)
			ask := func(from string) Verdict {
				if d.BadPerAddress.Off() && d.BadPerNetwork.Off() {
					return d.Join(Who{Addr: netip.MustParseAddr(from)}, sec)
				}
				return d.Bad(netip.MustParseAddr(from), sec)
			}
			if ask(a).Limited() {
				t.Errorf("%s: the first one is limited", a)
			}
			if got := ask(b).Limited(); got != c.same {
				t.Errorf("%s and %s by %+v: one is %t, want %t", a, b, c.door, got, c.same)
			}
		}
	}
	f("192.0.2.1", "192.0.2.1", true, true)
	f("192.0.2.1", "192.0.2.2", false, true)
	f("192.0.2.1", "192.0.3.1", false, false)
	f("192.0.2.1", "::ffff:192.0.2.1", true, true)
	f("2001:db8:1:1::1", "2001:db8:1:1:ffff::2", true, true)
	f("2001:db8:1:1::1", "2001:db8:1:2::1", false, true)
	f("2001:db8:1::1", "2001:db8:2::1", false, false)
	f("fe80::1%eth0", "fe80::2%eth1", true, true)
}

func TestWhatIsExceededIsNamedAndTheLongestWaitCounts(t *testing.T) {
	d := &Door{
		Table: NewTable(1024), Room: "a",
		PerDevice: Limit{2, time.Minute}, PerAddress: Limit{3, time.Minute}, PerNetwork: Limit{4, time.Hour},
	}
	who := Who{Addr: netip.MustParseAddr("192.0.2.1"), Device: [16]byte{1}, Known: true}
	f := func(by string, wait time.Duration) {
		t.Helper()
		if v := d.Join(who, sec); v.By != by || v.Wait != wait {
			t.Fatalf("%+v, want %s for %v", v, by, wait)
		}
	}
	f("", 0)
	f("", 0)
	f("device", 30*time.Second)
	who.Known = false // a client that keeps no cookies
	f("", 0)
	f("address", 20*time.Second)
	who.Addr = netip.MustParseAddr("192.0.2.2")
	f("", 0)
	f("network", 15*time.Minute) // refusals before took nothing from it
	if v := d.JoinProved(who, sec); v.Limited() {
		t.Errorf("whoever proved it is limited: %+v", v)
	}
	v := d.Join(who, sec)
	if v.Policy() != `"network";q=4;w=3600` || v.Left() != `"network";r=0;t=900` {
		t.Errorf("fields %s and %s", v.Policy(), v.Left())
	}
	other := *d
	other.Room = "b"
	if v := other.Join(who, sec); v.Limited() {
		t.Errorf("another room's line counts: %+v", v)
	}
}

func TestWithoutAnAddressOrADoorNothingIsLimited(t *testing.T) {
	d := &Door{Table: NewTable(8), PerAddress: Limit{1, time.Hour}, BadPerAddress: Limit{1, time.Hour}}
	for range 10 {
		if d.Join(Who{}, sec).Limited() || d.Bad(netip.Addr{}, sec).Limited() {
			t.Fatal("a Unix socket is limited")
		}
	}
	d = nil
	from := netip.MustParseAddr("192.0.2.1")
	if d.Join(Who{Addr: from}, sec).Limited() || d.Bad(from, sec).Limited() || d.Suspect(from, sec) || d.JoinProved(Who{Addr: from}, sec).Limited() {
		t.Error("no door limits")
	}
}

// The defaults, as waitroom.example.yaml shows them.
func defaults(t *Table) *Door {
	return &Door{
		Table: t, Room: "booking", PerDevice: Limit{60, time.Minute},
		BadPerAddress: Limit{30_000, time.Minute}, BadPerNetwork: Limit{300_000, time.Minute},
	}
}

func TestTheDefaultsRefuseNoTelephoneBehindACarriersAddress(t *testing.T) {
	f := func(phones, addresses int, from func(i int) netip.Addr) {
		t.Helper()
		d := defaults(NewTable(65_536))
		refused := 0
		for phone := range phones {
			var id [16]byte
			binary.BigEndian.PutUint64(id[:], uint64(phone)+1)
			now := int64(phone) * oneMinute / int64(phones) // all within a minute
			who := Who{Addr: from(phone % addresses)}
			if d.Join(who, now).Limited() { // without a cookie yet
				refused++
			}
			who.Device, who.Known = id, true
			if d.Join(who, now).Limited() { // its ticket was lost
				refused++
			}
			if d.Bad(who.Addr, now).Limited() { // and it showed one of a lost key
				refused++
			}
		}
		if refused > 0 {
			t.Errorf("%d telephones behind %d addresses: %d refusals", phones, addresses, refused)
		}
	}
	four := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}) }
	f(20_000, 256, four)
	f(20_000, 1, four)
	f(50, 1, four)
	f(200_000, 256, four)
	f(20_000, 1, func(int) netip.Addr { return netip.MustParseAddr("2001:db8::1") })
}

func TestTheDefaultsRefuseALoop(t *testing.T) {
	d := defaults(NewTable(65_536))
	from := netip.MustParseAddr("203.0.113.9")
	served := 0
	for i := range int64(120_000) { // 2,000 a second, for a minute
		if !d.Bad(from, i*oneMinute/120_000).Limited() {
			served++
		}
	}
	if served > 60_000 {
		t.Errorf("%d of 120,000 bad requests were served", served)
	}
	if !d.Suspect(from, oneMinute) || d.Suspect(netip.MustParseAddr("203.0.113.10"), oneMinute) {
		t.Error("the loop's address is not suspect, or its neighbour is")
	}
	device := Who{Addr: from, Device: [16]byte{7}, Known: true}
	joins := 0
	for i := range int64(6_000) {
		if !d.Join(device, i*oneMinute/6_000).Limited() {
			joins++
		}
	}
	if joins > 120 {
		t.Errorf("one device joined %d times in a minute", joins)
	}
}

func TestWhereMemoryEndsThoseWithTheLeastAreForgottenFirst(t *testing.T) {
	table := NewTable(1024)
	d := &Door{Table: table, PerAddress: Limit{1000, time.Hour}}
	heavy := Who{Addr: netip.MustParseAddr("198.51.100.1")}
	for !d.Join(heavy, sec).Limited() {
	}
	for i := range 100 * table.Keys() {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:], 0x20010db8_00000000|uint64(i))
		d.Join(Who{Addr: netip.AddrFrom16(b)}, sec)
	}
	if !d.Join(heavy, sec).Limited() {
		t.Error("a flood of other addresses made the table forget the one that is over its limit")
	}
	if table.Keys() != 1024 || NewTable(1025).Keys() != 2048 || NewTable(1).Keys() != ways {
		t.Errorf("%d keys", table.Keys())
	}
}

func TestManyAtOnceGetNoMoreThanTheLimit(t *testing.T) {
	d := &Door{Table: NewTable(64), PerAddress: Limit{100, time.Hour}}
	var given atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if !d.Join(Who{Addr: netip.MustParseAddr("192.0.2.1")}, sec).Limited() {
					given.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if given.Load() != 100 {
		t.Errorf("%d were given of 100", given.Load())
	}
}

func TestAskingAllocatesNothing(t *testing.T) {
	d := defaults(NewTable(1024))
	d.PerAddress, d.PerNetwork = Limit{5, time.Minute}, Limit{5, time.Minute}
	who := Who{Addr: netip.MustParseAddr("2001:db8::1"), Device: [16]byte{1}, Known: true}
	if n := testing.AllocsPerRun(100, func() { d.Join(who, sec); d.Bad(who.Addr, sec); d.Suspect(who.Addr, sec) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkJoin(b *testing.B) {
	d := &Door{Table: NewTable(65_536), PerDevice: Limit{60, time.Minute}, PerAddress: Limit{1e6, time.Minute}, PerNetwork: Limit{1e6, time.Minute}}
	for i := 0; b.Loop(); i++ {
		var id [16]byte
		binary.BigEndian.PutUint64(id[:], uint64(i))
		d.Join(Who{Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Device: id, Known: true}, int64(i))
	}
}

func ExampleVerdict() {
	d := &Door{Table: NewTable(64), PerAddress: Limit{1, time.Minute}}
	who := Who{Addr: netip.MustParseAddr("192.0.2.1")}
	d.Join(who, 0)
	v := d.Join(who, 0)
	fmt.Println(v.By, v.Seconds(), v.Policy(), v.Left())
	// Output: address 60 "address";q=1;w=60 "address";r=0;t=60
}
