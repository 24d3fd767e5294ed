package token

import (
	"bytes"
	"testing"
)

func testBond(t testing.TB) Bond {
	t.Helper()
	return Bond{Room: "booking", Device: testDevice(t).ID, Key: [32]byte(bytes.Repeat([]byte{9}, 32))}
}

// otherBonds are those that differ in one thing.
func otherBonds(b Bond) map[string]Bond {
	all := map[string]Bond{"room": b, "device": b, "key": b, "no key": b}
	change := func(name string, do func(*Bond)) { o := all[name]; do(&o); all[name] = o }
	change("room", func(b *Bond) { b.Room = "other" })
	change("device", func(b *Bond) { b.Device[0]++ })
	change("key", func(b *Bond) { b.Key[31]++ })
	change("no key", func(b *Bond) { b.Key = [32]byte{} })
	return all
}

func TestAChallengeIsForOnePassAndBondAndAWhile(t *testing.T) {
	keys, bond, pass := testKeys(t), testBond(t), testPass(t).ID
	text := keys.AppendChallenge(nil, pass, &bond, noon)
	f := func(why string, text []byte, pass [16]byte, b Bond, now int64, want bool) {
		t.Helper()
		name, until, ok := keys.ReadChallenge(text, pass, &b, now)
		if ok != want || ok && until != noon+ChallengeLife || !ok && (name != [16]byte{} || until != 0) {
			t.Errorf("%s: %v until %d", why, ok, until)
		}
	}
	f("at once", text, pass, bond, noon, true)
	f("by a gateway whose clock is behind", text, pass, bond, noon-skew, true)
	f("at its last moment", text, pass, bond, noon+ChallengeLife-1, true)
	f("when it is over", text, pass, bond, noon+ChallengeLife, false)
	f("from the future", text, pass, bond, noon-skew-1, false)
	f("another pass", text, [16]byte{1}, bond, noon, false)
	for what, other := range otherBonds(bond) {
		f("another "+what, text, pass, other, noon, false)
	}
	f("none", nil, pass, bond, noon, false)
	f("cut", text[:len(text)-1], pass, bond, noon, false)
	f("longer", append(bytes.Clone(text), 'A'), pass, bond, noon, false)
	for i := range text {
		bent := bytes.Clone(text)
		bent[i] = map[bool]byte{true: 'B', false: 'A'}[bent[i] == 'A']
		f("one character changed", bent, pass, bond, noon, false)
	}
	if again := keys.AppendChallenge(nil, pass, &bond, noon); bytes.Equal(again, text) {
		t.Error("two challenges of one instant are the same: the second would be taken for the first, used one")
	}
	first, _, _ := keys.ReadChallenge(text, pass, &bond, noon)
	if second, _, _ := keys.ReadChallenge(keys.AppendChallenge(nil, pass, &bond, noon), pass, &bond, noon); first == second {
		t.Error("two challenges have one name")
	}
}

func TestABoundCookieIsForOneBondAndAWhile(t *testing.T) {
	keys, bond := testKeys(t), testBond(t)
	value := keys.AppendBound(nil, &bond, noon)
	f := func(why string, value []byte, b Bond, now int64, want bool) {
		t.Helper()
		if got := keys.Fresh(value, &b, now); got != want {
			t.Errorf("%s: %v", why, got)
		}
	}
	f("before its end", value, bond, noon-1, true)
	f("at its end", value, bond, noon, false)
	for what, other := range otherBonds(bond) {
		f("another "+what, value, other, noon-1, false)
	}
	f("none", nil, bond, noon-1, false)
	f("a challenge", keys.AppendChallenge(nil, [16]byte{}, &bond, noon), bond, noon-1, false)
	for i := range value {
		bent := bytes.Clone(value)
		bent[i] = map[bool]byte{true: 'B', false: 'A'}[bent[i] == 'A']
		f("one character changed", bent, bond, noon-1, false)
	}
}

func TestTheCookieOfABoundDeviceSaysToWhatItIsBound(t *testing.T) {
	keys, bond := testKeys(t), testBond(t)
	value := string(keys.AppendBoundDevice(nil, &bond, noon))
	f := func(why, value, room string, now int64, wantKey [32]byte, want bool) {
		t.Helper()
		id, key, ok := keys.BoundDevice([]byte(value), room, now)
		if ok != want || key != wantKey || want && id != bond.Device || !want && id != [16]byte{} {
			t.Errorf("%s: %v %x %x", why, ok, id, key)
		}
	}
	f("while it lasts", value, "booking", noon-1, bond.Key, true)
	f("afterwards it is a device as any", value, "booking", noon, [32]byte{}, true)
	f("in another room, too", value, "other", noon-1, [32]byte{}, true)
	f("none", "", "booking", noon, [32]byte{}, false)
	f("an ordinary one", cookieA, "booking", noon, [32]byte{}, false)
	f("without a room", value[:boundDevice], "booking", noon-1, [32]byte{}, false)
	f("moved to another room, to be free in this", value[:boundDevice]+"other", "booking", noon-1, [32]byte{}, false)
	for i := range value {
		bent := []byte(value)
		bent[i] = map[bool]byte{true: 'b', false: 'a'}[bent[i] == 'a']
		f("one character changed", string(bent), "booking", noon-1, [32]byte{}, false)
	}
}

func TestAPassCarriesTheKeyThatItIsBoundTo(t *testing.T) {
	keys, pass := testKeys(t), testPass(t)
	pass.Bound = testBond(t).Key
	raw := keys.AppendPass(nil, &pass)
	got, err := keys.ReadPass(raw, "booking", noon)
	if err != nil || got != pass {
		t.Fatalf("%v, %v", got, err)
	}
	claims := acceptedByOthers(t, keys, "pass", string(raw), "booking", noon)
	if claims["dbsc"] != strict.EncodeToString(pass.Bound[:]) {
		t.Errorf("the claim is %v", claims["dbsc"])
	}
}
