package token

import "testing"

func BenchmarkReadTicket(b *testing.B) {
	keys, ticket := testKeys(b), testTicket(b)
	raw := keys.AppendTicket(nil, &ticket)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.ReadTicket(raw, "booking", noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadForgedTicket(b *testing.B) {
	keys, ticket := testKeys(b), testTicket(b)
	raw := keys.AppendTicket(nil, &ticket)
	raw[len(raw)-5] ^= 1
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.ReadTicket(raw, "booking", noon); err == nil {
			b.Fatal("a forged ticket was read")
		}
	}
}

func BenchmarkAppendTicket(b *testing.B) {
	keys, ticket := testKeys(b), testTicket(b)
	dst := make([]byte, 0, MaxLength)
	b.ReportAllocs()
	for b.Loop() {
		dst = keys.AppendTicket(dst[:0], &ticket)
	}
}

func BenchmarkReadPassRemembered(b *testing.B) {
	keys, pass := testKeys(b), testPass(b)
	raw := keys.AppendPass(nil, &pass)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.ReadPass(raw, "booking", noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadPassFirstTime(b *testing.B) {
	keys, pass := testKeys(b), testPass(b)
	raw := keys.AppendPass(nil, &pass)
	b.ReportAllocs()
	for b.Loop() {
		*keys.verified = verified{}
		if _, err := keys.ReadPass(raw, "booking", noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendPass(b *testing.B) {
	keys, pass := testKeys(b), testPass(b)
	dst := make([]byte, 0, MaxLength)
	b.ReportAllocs()
	for b.Loop() {
		dst = keys.AppendPass(dst[:0], &pass)
	}
}

func BenchmarkDeviceOf(b *testing.B) {
	cookie := []byte("AAECAwQFBgcICQoLDA0ODw")
	agent := []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36")
	platform := []byte(`"Windows"`)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := DeviceOf(cookie, agent, platform); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkTicketID(b *testing.B) {
	keys, device := testKeys(b), testDevice(b)
	b.ReportAllocs()
	for b.Loop() {
		keys.TicketID("booking", device.ID[:])
	}
}

func BenchmarkDrawPlace(b *testing.B) {
	keys, ticket := testKeys(b), testTicket(b)
	b.ReportAllocs()
	for b.Loop() {
		keys.DrawPlace("booking", noon, ticket.ID)
	}
}

func BenchmarkKeyedDevice(b *testing.B) {
	keys := testKeys(b)
	cookie := keys.AppendDevice(nil, keyedDevice(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := keys.Device(cookie, nil, nil); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkAppendNonce(b *testing.B) {
	keys, dst := testKeys(b), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		dst = keys.AppendNonce(dst[:0], "booking", noon)
	}
}

func BenchmarkReadProof(b *testing.B) {
	keys, c := testKeys(b), testCall()
	raw := []byte(testHolder(b, "honest").prove(b, c, string(keys.AppendNonce(nil, c.Room, noon))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.ReadProof(raw, c, noon); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadStaleProof is what it costs to refuse a proof without a nonce of ours.
func BenchmarkReadStaleProof(b *testing.B) {
	keys, c := testKeys(b), testCall()
	raw := []byte(testHolder(b, "honest").prove(b, c, string(keys.AppendNonce(nil, c.Room, noon))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.ReadProof(raw, c, noon+2*nonceLife); err == nil {
			b.Fatal("a stale proof was taken")
		}
	}
}
