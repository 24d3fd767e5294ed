package token

import (
	"strconv"
	"testing"
)

// What is written here is in people's hands or in the store while a gateway is upgraded: whoever changes one of these takes
// place or pass from everybody who has one.
func TestWhatIsOutInTheWorldNeverChanges(t *testing.T) {
	keys := testKeys(t)
	f := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s was\n%s, and is\n%s", what, want, got)
		}
	}
	ticket, pass := testTicket(t), testPass(t)
	ticketKid, passKid := keys.SigningKeys()
	id := keys.TicketID("booking", []byte("subject"))
	secret := keys.DrawSecret("booking", noon)
	f("kid of a ticket key", ticketKid, "a9880b0ef9c0e77d")
	f("kid of a pass key", passKid, "d0c35b6f7fb878eb")
	f("ticket id", strict.EncodeToString(id[:]), "4nNANvNT5kpc3GNC")
	f("secret of a draw", strict.EncodeToString(secret[:]), "e0lK0yZeS7z54eYzrwpoI6DGd-TQD8xoO7KdyZgHXVA")
	flow, persons := keys.FlowKey(), keys.Subjects(nil, []byte("person"))
	f("key of flows", strict.EncodeToString(flow[:]), "qtlquM0tzBV5GGkFjmpDna7z1Tt3zkyvhpN3daLuCEs")
	f("a person", FormatSubject(persons[0]), "m_3Y_Rk-QmCOcnao037-pQ")
	f("the same under an older key", FormatSubject(persons[1]), "JVf0T5LQXyUqjVlCLFrlNA")
	f("drawn place", strconv.FormatInt(keys.DrawPlace("booking", noon, id), 10), "1628765621760883")
	invitation := Invitation{Group: "priority", ID: [16]byte([]byte("sixteen byte id.")), Until: noon}
	f("invitation", string(keys.AppendInvitation(nil, "booking", &invitation)), "priority.c2l4dGVlbiBieXRlIGlkLgBhFP8wgog-Y_j1oVt_3AJFaFJAeQ")
	f("device", strict.EncodeToString(ticket.Device.ID[:]), "S_kklurz10MoYQZR7Pu6_Q")
	f("browser", strconv.FormatUint(ticket.Device.Browser, 16), "99d92dbfb7622b85")
	f("ticket", string(keys.AppendTicket(nil, &ticket)), "eyJhbGciOiJIUzI1NiIsInR5cCI6IndyLXRpY2tldCtqd3QiLCJraWQiOiJhOTg4MGIwZWY5YzBlNzdkIn0."+
		"eyJpc3MiOiJ3YWl0cm9vbSIsImF1ZCI6ImJvb2tpbmciLCJqdGkiOiJCd2NIQndjSEJ3Y0hCd2NIIiwiaWF0IjoxNjI4NzY2MDAwLCJuYmYiOjE2Mjg3NjYwMDAsImV4cCI6MTYyODc2NzgwMCwiZXBjIjoiM2Y5YTIxYzAiLCJwbGMiOjE2Mjg3NjU5OTUwMDAwMTcsIm51bSI6MTIzNCwiZGV2IjoiU19ra2x1cnoxME1vWVFaUjdQdTZfUSIsImJydyI6Im1ka3R2N2RpSzRVIn0."+
		"LYYAFgZaV8aHnVdUHuImCsxnlyfnf382Hkxe5IEcjWE")
	f("pass", string(keys.AppendPass(nil, &pass)), "eyJhbGciOiJFZERTQSIsInR5cCI6IndyLXBhc3Mrand0Iiwia2lkIjoiZDBjMzViNmY3ZmI4NzhlYiJ9."+
		"eyJpc3MiOiJ3YWl0cm9vbSIsImF1ZCI6ImJvb2tpbmciLCJzdWIiOiJjM1ZpYW1WamRDMXZaaTFoTFhCbGNuTnZiZyIsImp0aSI6IkJ3Y0hCd2NIQndjSEJ3Y0hvdG9zQUEiLCJpYXQiOjE2Mjg3NjYwMDAsIm5iZiI6MTYyODc2NjAwMCwiZXhwIjoxNjI4NzY2MzAwLCJlbmQiOjE2Mjg3NjY2MDAsImVudCI6MTYyODc2NjAwMDAwMDAwMCwiZ2VuIjowLCJkZXYiOiJTX2trbHVyejEwTW9ZUVpSN1B1Nl9RIiwiYnJ3IjoibWRrdHY3ZGlLNFUifQ."+
		"4ikZNZy6prD5_ZamIVOh1EivGJg-wUgwjT1P7lUv_gHfOP2HeJzF7b4ClLHQM7i4Vo74uQqn16Nz6qIazDJ9DQ")
	person, held := verifiedTicket(t), pass
	held.Held = person.Held
	f("a person's ticket", string(keys.AppendTicket(nil, &person)), "eyJhbGciOiJIUzI1NiIsInR5cCI6IndyLXRpY2tldCtqd3QiLCJraWQiOiJhOTg4MGIwZWY5YzBlNzdkIn0."+
		"eyJpc3MiOiJ3YWl0cm9vbSIsImF1ZCI6ImJvb2tpbmciLCJzdWIiOiJjM1ZpYW1WamRDMXZaaTFoTFcxaGJnIiwianRpIjoiQndjSEJ3Y0hCd2NIQndjSCIsImlhdCI6MTYyODc2NjAwMCwibmJmIjoxNjI4NzY2MDAwLCJleHAiOjE2Mjg3Njc4MDAsImVwYyI6IjNmOWEyMWMwIiwicGxjIjoxNjI4NzY1OTk1MDAwMDE3LCJudW0iOjEyMzQsImhsZCI6MTYyODc2NTk5NzAwMDAwNSwiZmN0IjoyMSwiZGV2IjoiU19ra2x1cnoxME1vWVFaUjdQdTZfUSIsImJydyI6Im1ka3R2N2RpSzRVIn0."+
		"QHf7xSpLBzmSnnJPaPK32tEW1xmp-bqkZfZwTje9ngY")
	f("a person's pass", string(keys.AppendPass(nil, &held)), "eyJhbGciOiJFZERTQSIsInR5cCI6IndyLXBhc3Mrand0Iiwia2lkIjoiZDBjMzViNmY3ZmI4NzhlYiJ9."+
		"eyJpc3MiOiJ3YWl0cm9vbSIsImF1ZCI6ImJvb2tpbmciLCJzdWIiOiJjM1ZpYW1WamRDMXZaaTFoTFhCbGNuTnZiZyIsImp0aSI6IkJ3Y0hCd2NIQndjSEJ3Y0hvdG9zQUEiLCJpYXQiOjE2Mjg3NjYwMDAsIm5iZiI6MTYyODc2NjAwMCwiZXhwIjoxNjI4NzY2MzAwLCJlbmQiOjE2Mjg3NjY2MDAsImVudCI6MTYyODc2NjAwMDAwMDAwMCwiaGxkIjoxNjI4NzY1OTk3MDAwMDA1LCJnZW4iOjAsImRldiI6IlNfa2tsdXJ6MTBNb1lRWlI3UHU2X1EiLCJicnciOiJtZGt0djdkaUs0VSJ9."+
		"ZeS6L450xj0CFYfGWTOBGqEgw5a1hU4vYUkYRlUjcmRIfy5LINvd1CsYc4NQgZdwn45RVajfhqTROAcvKzHpDg")
}
