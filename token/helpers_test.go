package token

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"
)

// noon is the instant of most tests: 2021-08-12 20:00 in Seoul.
const noon = 1628766000 * second

// testKeyFile is a key that is the same in every run, so that data files can rely on it.
func testKeyFile(kind kind, seed string, created time.Time) keyFile {
	f := keyFile{kind: kind, created: created, secret: sha256.Sum256([]byte("test key " + string(kind) + seed))}
	f.kid = f.name()
	return f
}

// testKeys signs with "now" and also knows "old", of which tickets and passes are still about.
func testKeys(t testing.TB) *Keys {
	t.Helper()
	old, now := time.UnixMicro(noon).Add(-48*time.Hour), time.UnixMicro(noon).Add(-time.Hour)
	keys, err := newKeys([]keyFile{
		testKeyFile(kindPlace, "", old), testKeyFile(kindDraw, "", old),
		testKeyFile(kindSubject, "old", old), testKeyFile(kindSubject, "now", now),
		testKeyFile(kindTicket, "old", old), testKeyFile(kindPass, "old", old),
		testKeyFile(kindTicket, "now", now), testKeyFile(kindPass, "now", now),
	}, &verified{})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func testDevice(t testing.TB) Device {
	t.Helper()
	d, ok := DeviceOf([]byte("AAECAwQFBgcICQoLDA0ODw"), []byte("Mozilla/5.0 (Linux; Android 10; K) Chrome/126.0.0.0 Mobile"), []byte(`"Android"`))
	if !ok {
		t.Fatal("the test's own device cookie is refused")
	}
	return d
}

func testTicket(t testing.TB) Ticket {
	t.Helper()
	return Ticket{
		Room: "booking", ID: [12]byte(bytes.Repeat([]byte{7}, 12)), Place: noon - 5*second + 17, Number: 1234, Epoch: "3f9a21c0",
		Device: testDevice(t), Issued: noon, Expires: noon + 1800*second,
	}
}

// verifiedTicket is the ticket of a person.
func verifiedTicket(t testing.TB) Ticket {
	t.Helper()
	ticket := testTicket(t)
	ticket.Subject, ticket.Held, ticket.Facts = [16]byte([]byte("subject-of-a-man")), noon-3*second+5, 21
	return ticket
}

func testPass(t testing.TB) Pass {
	t.Helper()
	ticket := testTicket(t)
	return Pass{
		Room: "booking", ID: PassID(ticket.ID, noon), Subject: "c3ViamVjdC1vZi1hLXBlcnNvbg", Device: ticket.Device, Entry: noon,
		Issued: noon, Expires: noon + 300*second, End: noon + 600*second,
	}
}
