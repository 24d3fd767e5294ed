//go:build !race

package token

import "testing"

// The race detector drops pooled states on purpose, so this is counted without it.
func TestTheHotPathsAllocateNothing(t *testing.T) {
	keys, ticket, pass := testKeys(t), testTicket(t), testPass(t)
	pass.Subject = "" // which has to be copied
	rawTicket, rawPass := keys.AppendTicket(nil, &ticket), keys.AppendPass(nil, &pass)
	dst := make([]byte, 0, MaxLength)
	cookie, agent, platform := []byte(cookieA), []byte(chromeWindows), []byte(`"Windows"`)
	f := func(what string, do func()) {
		t.Helper()
		if n := testing.AllocsPerRun(200, do); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	f("ReadTicket", func() { _, _ = keys.ReadTicket(rawTicket, "booking", noon) })
	person := verifiedTicket(t)
	rawPerson := keys.AppendTicket(nil, &person)
	f("ReadTicket of a person", func() { _, _ = keys.ReadTicket(rawPerson, "booking", noon) })
	f("AppendTicket of a person", func() { dst = keys.AppendTicket(dst[:0], &person) })
	f("ReadTicket of another room", func() { _, _ = keys.ReadTicket(rawTicket, "other", noon) })
	f("ReadTicket of a pass", func() { _, _ = keys.ReadTicket(rawPass, "booking", noon) })
	f("AppendTicket", func() { dst = keys.AppendTicket(dst[:0], &ticket) })
	f("ReadPass", func() { _, _ = keys.ReadPass(rawPass, "booking", noon) })
	keyed := keys.AppendDevice(nil, keyedDevice(t))
	f("Device with a key", func() { _, _ = keys.Device(keyed, agent, platform) })
	f("Device without", func() { _, _ = keys.Device(cookie, agent, platform) })
	f("AppendNonce", func() { dst = keys.AppendNonce(dst[:0], "booking", noon) })
	f("DeviceOf", func() { _, _ = DeviceOf(cookie, agent, platform) })
	f("TicketID", func() { keys.TicketID("booking", ticket.Device.ID[:]) })
	bond := testBond(t)
	bound, device := keys.AppendBound(nil, &bond, noon), keys.AppendBoundDevice(nil, &bond, noon)
	f("Fresh", func() { keys.Fresh(bound, &bond, noon-1) })
	f("BoundDevice", func() { _, _, _ = keys.BoundDevice(device, "booking", noon-1) })
	f("DrawPlace", func() { keys.DrawPlace("booking", noon, ticket.ID) })
}
