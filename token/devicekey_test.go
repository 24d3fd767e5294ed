package token

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

func keyedDevice(t testing.TB) Device {
	t.Helper()
	d := testDevice(t)
	h := testHolder(t, "honest")
	d.Key = thumbprint([]byte(h.x), []byte(h.y))
	return d
}

func TestADeviceWithAKeyKeepsItsIdentity(t *testing.T) {
	keys, d := testKeys(t), keyedDevice(t)
	cookie := keys.AppendDevice(nil, d)
	got, ok := keys.Device(cookie, []byte("Mozilla/5.0 (Linux; Android 10; K) Chrome/127.0.0.0 Mobile"), []byte(`"Android"`))
	if !ok || got != d {
		t.Fatalf("%v, %v; want %v", got, ok, d)
	}
	if plain, ok := keys.Device([]byte(cookieA), nil, nil); !ok || plain.ID != d.ID || plain.HasKey() {
		t.Fatalf("the cookie without a key is %v, %v", plain, ok)
	}
}

func TestAChangedDeviceCookieIsNone(t *testing.T) {
	keys, d := testKeys(t), keyedDevice(t)
	cookie := string(keys.AppendDevice(nil, d))
	f := func(cookie string) {
		t.Helper()
		if got, ok := keys.Device([]byte(cookie), nil, nil); ok && (got.HasKey() || got.ID == d.ID) {
			t.Fatalf("%s is the device %v", cookie, got)
		}
	}
	parts := strings.Split(cookie, ".")
	f(parts[0] + "." + parts[1])                                 // without the code
	f(parts[0])                                                  // the identity is no secret: it is in every pass
	f(parts[0] + "." + strings.Repeat("A", 43) + "." + parts[2]) // without the key
	f(parts[0] + "..." + parts[2] + strings.Repeat("A", 43-2))
	for i := range cookie {
		changed := []byte(cookie)
		if changed[i]++; changed[i] == '/' || changed[i] == ':' {
			changed[i] = 'A'
		}
		f(string(changed))
	}
	other := keyedDevice(t)
	other.Key[0]++
	mixed := strings.Split(string(keys.AppendDevice(nil, other)), ".")
	f(parts[0] + "." + mixed[1] + "." + parts[2]) // the code of another key
	f(string(keys.AppendDevice(nil, testDevice(t))))
}

func TestATokenWithAKeyNeedsADeviceWithThatKey(t *testing.T) {
	f := func(made, shown Device, want Binding) {
		t.Helper()
		if got := made.Same(shown); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	plain, keyed, other := testDevice(t), keyedDevice(t), keyedDevice(t)
	other.Key[5]++
	f(keyed, keyed, Same)
	f(keyed, plain, OtherDevice) // the cookie from before the key
	f(keyed, other, OtherDevice)
	f(plain, keyed, Same) // the ticket from before the key
	keyed.Network, other.Network = NetworkOf(netip.MustParseAddr("192.0.2.1")), 0
	f(keyed, keyedDevice(t), Same) // whether a network counts is a rule of the room
}

func TestTicketsAndPassesCarryKeyAndNetwork(t *testing.T) {
	keys, d := testKeys(t), keyedDevice(t)
	d.Network = NetworkOf(netip.MustParseAddr("2001:db8::1"))
	ticket, pass := testTicket(t), testPass(t)
	ticket.Device, pass.Device = d, d
	raw := keys.AppendTicket(nil, &ticket)
	if got, err := keys.ReadTicket(raw, ticket.Room, noon); err != nil || got.Device != d {
		t.Fatalf("%v, %v", got.Device, err)
	}
	want := strict.EncodeToString(d.Key[:])
	claims := acceptedByOthers(t, keys, "ticket", string(raw), ticket.Room, noon)
	if cnf, _ := claims["cnf"].(map[string]any); cnf["jkt"] != want {
		t.Fatalf("cnf of the ticket is %v, want %s", claims["cnf"], want)
	}
	raw = keys.AppendPass(nil, &pass)
	if got, err := keys.ReadPass(raw, pass.Room, noon); err != nil || got.Device != d {
		t.Fatalf("%v, %v", got.Device, err)
	}
	claims = acceptedByOthers(t, keys, "pass", string(raw), pass.Room, noon)
	if cnf, _ := claims["cnf"].(map[string]any); cnf["jkt"] != want {
		t.Fatalf("cnf of the pass is %v, want %s", claims["cnf"], want)
	}
}

func TestANetworkIsAPrefixOfTheAddress(t *testing.T) {
	f := func(a, b string, same bool) {
		t.Helper()
		first, second := NetworkOf(netip.MustParseAddr(a)), NetworkOf(netip.MustParseAddr(b))
		if (first == second) != same || first == 0 || second == 0 {
			t.Fatalf("%s and %s: %x and %x", a, b, first, second)
		}
	}
	f("192.0.2.1", "192.0.2.254", true)
	f("192.0.2.1", "192.0.3.1", false)
	f("192.0.2.1", "::ffff:192.0.2.9", true)
	f("2001:db8:0:1::1", "2001:db8:0:ff::1", true)
	f("2001:db8:0:1::1", "2001:db8:0:101::1", false)
	f("0.0.0.1", "::1", false)
	if none := NetworkOf(netip.Addr{}); none == 0 || none == NetworkOf(netip.MustParseAddr("0.0.0.0")) {
		t.Fatalf("no address is the network %x", none)
	}
}

// FuzzDevice: whatever cookie is accepted is the one that is written.
func FuzzDevice(f *testing.F) {
	keys := testKeys(f)
	f.Add(keys.AppendDevice(nil, keyedDevice(f)))
	f.Add([]byte(cookieA))
	f.Add([]byte(strings.Repeat("A", keyedCookie)))
	f.Fuzz(func(t *testing.T, cookie []byte) {
		d, ok := keys.Device(cookie, nil, nil)
		if ok && d.HasKey() && !bytes.Equal(keys.AppendDevice(nil, d), cookie) {
			t.Fatalf("a second spelling: %s", cookie)
		}
		if !ok && d != (Device{}) {
			t.Fatalf("refused, with a device: %s", cookie)
		}
	})
}
