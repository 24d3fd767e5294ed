package token

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// gateway is a ring on dir, as one gateway has it.
func gateway(t *testing.T, dir string) *Ring {
	t.Helper()
	keys, err := OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	return NewRing(dir, keys)
}

// mustRead reads both kinds.
func mustRead(t *testing.T, r *Ring, ticket, pass []byte) {
	t.Helper()
	if _, err := r.ReadTicket(ticket, "booking", noon); err != nil {
		t.Fatalf("ticket: %v", err)
	}
	if _, err := r.ReadPass(pass, "booking", noon); err != nil {
		t.Fatalf("pass: %v", err)
	}
}

func TestTwoGatewaysUnderstandEachOtherDuringARotation(t *testing.T) {
	dir, _ := madeKeys(t)
	one, two := gateway(t, dir), gateway(t, dir)
	ticket, pass := testTicket(t), testPass(t)
	sign := func(r *Ring) (a, b []byte) {
		return r.Keys().AppendTicket(nil, &ticket), r.Keys().AppendPass(nil, &pass)
	}

	if _, err := RotateKeys(dir, time.Now(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := one.Reload(); err != nil {
		t.Fatal(err)
	}
	newTicket, newPass := sign(one)
	oldTicket, oldPass := sign(two) // it has not heard of it
	if string(newTicket) == string(oldTicket) {
		t.Fatal("the first gateway still signs with the old key")
	}
	mustRead(t, one, oldTicket, oldPass)
	mustRead(t, two, newTicket, newPass) // by looking into the folder once more
	if a, b := sign(two); string(a) != string(newTicket) || string(b) != string(newPass) {
		t.Fatal("the second gateway has read the new keys and does not sign with them")
	}
}

func TestAnUnknownKeyOfAPassMakesAGatewayLookToo(t *testing.T) {
	dir, _ := madeKeys(t)
	one, two := gateway(t, dir), gateway(t, dir)
	pass := testPass(t)
	if _, err := RotateKeys(dir, time.Now(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := one.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, err := two.ReadPass(one.Keys().AppendPass(nil, &pass), "booking", noon); err != nil {
		t.Fatal(err)
	}
}

func TestInventedKidsMakeAGatewayReadTheFolderOnceASecond(t *testing.T) {
	dir, _ := madeKeys(t)
	other, _ := madeKeys(t)
	ticket := testTicket(t)
	invented := gateway(t, other).Keys().AppendTicket(nil, &ticket)
	synctest.Test(t, func(t *testing.T) {
		ring := gateway(t, dir)
		f := func(token []byte, want error) {
			t.Helper()
			if _, err := ring.ReadTicket(token, "booking", noon); !errors.Is(err, want) {
				t.Fatalf("%v, want %v", err, want)
			}
		}
		f(invented, ErrSignature)
		// New keys come in a way that the folder's time does not show.
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, keys := rotated(t, dir, time.Now(), time.Hour)
		if err := os.Chtimes(dir, time.Time{}, info.ModTime()); err != nil {
			t.Fatal(err)
		}
		fresh := keys.AppendTicket(nil, &ticket)
		f(fresh, ErrSignature)
		time.Sleep(reloadEvery - time.Nanosecond)
		f(fresh, ErrSignature)
		time.Sleep(time.Nanosecond)
		f(fresh, nil)

		// And in one that it shows: then at once.
		f(invented, ErrSignature)
		_, keys = rotated(t, dir, time.Now(), time.Hour)
		f(keys.AppendTicket(nil, &ticket), nil)
	})
}

func TestAReloadThatFailsKeepsTheKeysAndSaysWhy(t *testing.T) {
	dir, _ := madeKeys(t)
	ring := gateway(t, dir)
	ticket, pass := testTicket(t), testPass(t)
	a, b := ring.Keys().AppendTicket(nil, &ticket), ring.Keys().AppendPass(nil, &pass)
	if err := os.WriteFile(filepath.Join(dir, "pass-bad.key"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ring.Reload(); !errors.Is(err, ErrKeys) {
		t.Fatalf("%v", err)
	}
	mustRead(t, ring, a, b)
}

func TestADeletedKeyOpensNothingNotEvenWhatIsRemembered(t *testing.T) {
	dir, _ := madeKeys(t)
	ring := gateway(t, dir)
	ticket, pass := testTicket(t), testPass(t)
	a, b := ring.Keys().AppendTicket(nil, &ticket), ring.Keys().AppendPass(nil, &pass)
	mustRead(t, ring, a, b)
	if _, err := RotateKeys(dir, time.Now(), 0); err != nil {
		t.Fatal(err)
	}
	if err := ring.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.ReadTicket(a, "booking", noon); !errors.Is(err, ErrSignature) {
		t.Fatalf("ticket: %v", err)
	}
	if _, err := ring.ReadPass(b, "booking", noon); !errors.Is(err, ErrSignature) {
		t.Fatalf("pass: %v", err)
	}
}

func TestAReloadWithoutNewsKeepsTheReading(t *testing.T) {
	dir, _ := madeKeys(t)
	ring := gateway(t, dir)
	was := ring.Keys()
	if err := ring.Reload(); err != nil || ring.Keys() != was {
		t.Fatalf("read anew for nothing, %v", err)
	}
}

func TestARotationDoesNotForgetWhatWasVerified(t *testing.T) {
	dir, _ := madeKeys(t)
	ring := gateway(t, dir)
	was := ring.Keys()
	if _, err := RotateKeys(dir, time.Now(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := ring.Reload(); err != nil || ring.Keys() == was || ring.Keys().verified != was.verified {
		t.Fatalf("each pass would be verified anew at once, %v", err)
	}
}

func TestWatchFollowsTheFolderAndTellsEachTroubleOnce(t *testing.T) {
	dir, _ := madeKeys(t)
	bad := filepath.Join(dir, "pass-bad.key")
	synctest.Test(t, func(t *testing.T) {
		ring := gateway(t, dir)
		was := ring.Keys()
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		told := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			ring.Watch(ctx, 2*time.Second, func(error) {
				mu.Lock()
				defer mu.Unlock()
				told++
			})
		}()
		pass := func(rounds int) (troubles int) {
			time.Sleep(time.Duration(rounds) * 2 * time.Second)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return told
		}
		if _, err := RotateKeys(dir, time.Now(), time.Hour); err != nil {
			t.Fatal(err)
		}
		if told := pass(1); ring.Keys() == was || told != 0 {
			t.Fatalf("the new keys were not taken over; %d troubles", told)
		}
		f := func(change error, want int) {
			t.Helper()
			if change != nil {
				t.Fatal(change)
			}
			if told := pass(3); told != want {
				t.Fatalf("%d troubles told, want %d", told, want)
			}
		}
		f(os.WriteFile(bad, []byte("nonsense"), 0o600), 1)
		f(os.Chmod(bad, 0o644), 2)
		f(os.Remove(bad), 2)
		f(os.WriteFile(bad, []byte("nonsense"), 0o600), 3)
		cancel()
		<-done
	})
}

func TestReadingGoesOnDuringRotations(t *testing.T) {
	dir, _ := madeKeys(t)
	rings := []*Ring{gateway(t, dir), gateway(t, dir)}
	ticket, pass := testTicket(t), testPass(t)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				signer, reader := rings[i%2].Keys(), rings[(i+1)%2]
				if _, err := reader.ReadTicket(signer.AppendTicket(nil, &ticket), "booking", noon); err != nil {
					t.Errorf("ticket: %v", err)
					return
				}
				if _, err := reader.ReadPass(signer.AppendPass(nil, &pass), "booking", noon); err != nil {
					t.Errorf("pass: %v", err)
					return
				}
				reader.Keys().DrawPlace("booking", noon, ticket.ID)
			}
		})
	}
	for range 10 {
		if _, err := RotateKeys(dir, time.Now(), time.Hour); err != nil {
			t.Error(err)
		}
		if err := rings[0].Reload(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
}
