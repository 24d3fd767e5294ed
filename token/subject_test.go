package token

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAPersonIsNamedUnderEachSubjectKeyNewestFirst(t *testing.T) {
	dir, keys := madeKeys(t)
	person := []byte("iss\x00https://a.example\x00sub\x001234")
	f := func(want int) (names [][16]byte) {
		t.Helper()
		if _, err := RotateSubject(dir, time.Now(), time.Hour); err != nil {
			t.Fatal(err)
		}
		next, err := OpenKeys(dir)
		if err != nil {
			t.Fatal(err)
		}
		was := keys.Subjects(nil, person)
		names = next.Subjects(nil, person)
		if len(names) != want || names[0] == was[0] {
			t.Fatalf("%d names, want %d: %x", len(names), want, names)
		}
		for i, name := range was {
			if names[i+1] != name {
				t.Fatalf("the older names are %x, were %x", names[1:], was)
			}
		}
		if other := next.Subjects(nil, person[1:]); other[0] == names[0] {
			t.Fatal("two persons of one name")
		}
		keys = next
		return names
	}
	f(2)
	f(3)
	f(4)
	if _, err := RotateSubject(dir, time.Now(), time.Hour); !errors.Is(err, ErrKeys) || !strings.Contains(err.Error(), "rotate again in 1h0m0s") {
		t.Fatalf("a fifth key, of which gateways take four: %v", err)
	}
	if _, err := RotateSubject(dir, time.Now().Add(2*time.Hour), time.Hour); err != nil {
		t.Fatal(err)
	}
	next, err := OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	// The one that named persons until now is needed still, however old it is.
	if names := next.Subjects(nil, person); len(names) != 2 || names[1] != keys.Subjects(nil, person)[0] {
		t.Fatalf("names %x", names)
	}
	if _, err := RotateSubject(dir, time.Now(), 0); err != nil {
		t.Fatal(err)
	}
	if names := keyNames(t, dir, kindSubject); len(names) != 1 {
		t.Fatalf("keys that leaked are still there: %v", names)
	}
}

func TestSubjectKeysAreRotatedWithoutTouchingTheOthersAndTheOthersWithoutTouchingThem(t *testing.T) {
	dir, keys := madeKeys(t)
	name := keys.Subjects(nil, []byte("p"))[0]
	rotated(t, dir, time.Now(), 0)
	if again := keys.Subjects(nil, []byte("p")); again[0] != name || len(again) != 1 {
		t.Fatal("rotating the signing keys names persons anew")
	}
	before := append(keyNames(t, dir, kindTicket), keyNames(t, dir, kindPass)...)
	if _, err := RotateSubject(dir, time.Now(), 0); err != nil {
		t.Fatal(err)
	}
	after := append(keyNames(t, dir, kindTicket), keyNames(t, dir, kindPass)...)
	if strings.Join(before, " ") != strings.Join(after, " ") {
		t.Fatalf("signing keys were %v, are %v", before, after)
	}
}

func TestAFolderFromBeforeSubjectKeysServesRoomsWithoutIdentity(t *testing.T) {
	dir, keys := madeKeys(t)
	if err := keys.NamesPersons(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(keyNames(t, dir, kindSubject)[0]); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func(string) (*Keys, error){OpenKeys, OpenOrMakeKeys} {
		keys, err := open(dir)
		if err != nil {
			t.Fatal(err)
		}
		err = keys.NamesPersons()
		if !errors.Is(err, ErrKeys) || !strings.Contains(err.Error(), "`waitroom keys rotate --subject`") {
			t.Fatalf("%v", err)
		}
		if names := keys.Subjects(nil, []byte("p")); len(names) != 0 {
			t.Fatalf("names without a key: %x", names)
		}
	}
	if _, err := RotateSubject(dir, time.Now(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if keys, err := OpenKeys(dir); err != nil || keys.NamesPersons() != nil {
		t.Fatalf("the mend does not mend: %v", err)
	}
}

func TestWhoeverRotatesTheSubjectKeyOfNoFolderOrWithANegativeTimeIsRefused(t *testing.T) {
	if _, err := RotateSubject(filepath.Join(t.TempDir(), "keys"), time.Now(), time.Hour); !errors.Is(err, ErrKeys) {
		t.Fatal(err)
	}
	dir, _ := madeKeys(t)
	if _, err := RotateSubject(dir, time.Now(), -1); !errors.Is(err, ErrKeys) {
		t.Fatal(err)
	}
	if names := keyNames(t, dir, kindSubject); len(names) != 1 {
		t.Fatalf("something happened nevertheless: %v", names)
	}
}

func TestACrashAtAnyPointOfASubjectsRotationLosesNobody(t *testing.T) {
	for point := 1; ; point++ {
		dir, was := madeKeys(t)
		name := was.Subjects(nil, []byte("p"))[0]
		reached := crash(t, dir, point, func(f *folder) error {
			_, err := f.rotateSubject(time.Now(), time.Hour)
			return err
		})
		if !reached {
			if point != 3 {
				t.Fatalf("%d points to crash at; a key is written and renamed", point-1)
			}
			return
		}
		keys, err := OpenKeys(dir)
		if err != nil {
			t.Fatal(err)
		}
		if names := keys.Subjects(nil, []byte("p")); names[len(names)-1] != name {
			t.Fatalf("point %d: a person is lost", point)
		}
	}
}

func TestASubjectsTextIsThatOfAPass(t *testing.T) {
	ticket := verifiedTicket(t)
	if text := FormatSubject(ticket.Subject); text != "c3ViamVjdC1vZi1hLW1hbg" || FormatSubject([16]byte{}) != "" {
		t.Fatal(text)
	}
}

func TestWithHalfAPersonNoTicketIsSigned(t *testing.T) {
	f := func(change func(*Ticket)) {
		t.Helper()
		ticket := verifiedTicket(t)
		change(&ticket)
		defer func() {
			if recover() == nil {
				t.Fatal("signed")
			}
		}()
		testKeys(t).AppendTicket(nil, &ticket)
	}
	f(func(t *Ticket) { t.Held = 0 })
	f(func(t *Ticket) { t.Subject = [16]byte{} })
	f(func(t *Ticket) { t.Subject, t.Held = [16]byte{}, 0 })
}

func TestTheFlowKeyIsOneOfItsOwn(t *testing.T) {
	_, keys := madeKeys(t)
	_, others := madeKeys(t)
	if keys.FlowKey() == others.FlowKey() || keys.FlowKey() == [32]byte{} || keys.FlowKey() == derive(keys.draw, "waitroom flow v1\x00") {
		t.Fatal("not a secret of this folder")
	}
}
