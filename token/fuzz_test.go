package token

import (
	"crypto/ed25519"
	"strings"
	"testing"
)

// The seeds in testdata/fuzz are sound tokens, and unsound ones that once took a path of their own.

// made is a token of three parts: as they are, or encoded and signed with our newest key. Only what is signed gets far.
func made(keys *Keys, kind, header, claims, signature string, sign bool) string {
	if !sign {
		return header + "." + claims + "." + signature
	}
	signed := strict.EncodeToString([]byte(header)) + "." + strict.EncodeToString([]byte(claims))
	if kind == "pass" {
		return signed + "." + strict.EncodeToString(ed25519.Sign(keys.pass.private, []byte(signed)))
	}
	m := keys.ticket.macs.get()
	defer keys.ticket.macs.put(m)
	return signed + "." + string(m.signature([]byte(signed)))
}

// FuzzReadTicket: whatever is accepted, golang-jwt accepts, too, and it is what we would have written ourselves.
func FuzzReadTicket(f *testing.F) {
	keys := testKeys(f)
	f.Fuzz(func(t *testing.T, header, claims, signature string, sign bool, now int64) {
		raw := made(keys, "ticket", header, claims, signature, sign)
		ticket, err := keys.ReadTicket([]byte(raw), "booking", now)
		if err != nil {
			if ticket != (Ticket{}) {
				t.Fatalf("a ticket with an error: %v", err)
			}
			return
		}
		acceptedByOthers(t, keys, "ticket", raw, "booking", now)
		again := string(keys.AppendTicket(nil, &ticket))
		if again != raw && strings.HasPrefix(raw, keys.ticket.header) {
			t.Fatalf("a second spelling:\n%s\n%s", raw, again)
		}
	})
}

// FuzzReadPass: the same for passes.
func FuzzReadPass(f *testing.F) {
	keys := testKeys(f)
	f.Fuzz(func(t *testing.T, header, claims, signature string, sign bool, now int64) {
		raw := made(keys, "pass", header, claims, signature, sign)
		pass, err := keys.ReadPass([]byte(raw), "booking", now)
		if second, errAgain := keys.ReadPass([]byte(raw), "booking", now); second != pass || (err == nil) != (errAgain == nil) {
			t.Fatalf("the second time another answer: %v, %v", err, errAgain)
		}
		if err != nil {
			if pass != (Pass{}) && now >= pass.Entry {
				t.Fatalf("a pass with an error: %v", err)
			}
			return
		}
		acceptedByOthers(t, keys, "pass", raw, "booking", now)
		again := string(keys.AppendPass(nil, &pass))
		if again != raw && strings.HasPrefix(raw, keys.pass.header) {
			t.Fatalf("a second spelling:\n%s\n%s", raw, again)
		}
	})
}

// FuzzDeviceOf: one spelling of a cookie; a browser stays itself through updates and without its hint.
func FuzzDeviceOf(f *testing.F) {
	update := strings.NewReplacer("0", "1", "1", "2", "2", "3", "3", "4", "4", "5", "5", "6", "6", "7", "7", "8", "8", "9", "9", "10")
	f.Fuzz(func(t *testing.T, cookie, agent, platform string) {
		d, ok := DeviceOf([]byte(cookie), []byte(agent), []byte(platform))
		b, err := strict.DecodeString(cookie)
		if sound := err == nil && len(b) == 16 && strict.EncodeToString(b) == cookie; ok != sound {
			t.Fatalf("%q: %v, want %v", cookie, ok, sound)
		}
		if !ok {
			if d != (Device{}) {
				t.Fatalf("%q: refused, with a device", cookie)
			}
			return
		}
		updated, _ := DeviceOf([]byte(cookie), []byte(update.Replace(agent)), nil)
		if d.Same(updated) != Same {
			t.Fatalf("an update of %q makes it another browser", agent)
		}
	})
}
