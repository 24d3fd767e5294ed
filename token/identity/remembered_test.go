package identity

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// published is something that a provider publishes, version by version.
type versions struct {
	count int
	err   error
	delay time.Duration
}

func (v *versions) fetch(ctx context.Context) (int, error) {
	v.count++
	select {
	case <-time.After(v.delay):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return v.count, v.err
}

func remember(v *versions) *remembered[int] {
	return &remembered[int]{
		fetch: v.fetch, clock: time.Now, fresh: time.Minute, good: time.Hour, again: 5 * time.Second, timeout: 10 * time.Second,
	}
}

func TestWhatIsRememberedIsFetchedByOneForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &versions{delay: time.Second}
		r := remember(v)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if got, err := r.get(t.Context(), t.Context(), false); got != 1 || err != nil {
					t.Error(got, err)
				}
			})
		}
		all.Wait()
		if v.count != 1 {
			t.Errorf("fetched %d times", v.count)
		}
	})
}

func TestWhatHasGotOldIsFetchedAnewInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &versions{delay: time.Second}
		r := remember(v)
		get := func(renew bool, want int) {
			t.Helper()
			if got, err := r.get(t.Context(), t.Context(), renew); got != want || err != nil {
				t.Errorf("%d, %v, and should be %d", got, err, want)
			}
		}
		get(false, 1)
		time.Sleep(time.Minute)
		before := time.Now()
		get(false, 1) // nobody waits
		if !time.Now().Equal(before) {
			t.Error("somebody waited")
		}
		time.Sleep(2 * time.Second)
		get(false, 2)
		get(true, 2) // it was fetched a moment ago
		time.Sleep(5 * time.Second)
		get(true, 3) // and now it is waited for
		time.Sleep(2 * time.Minute)
		get(false, 4) // nobody needed it for long: that is waited for, too
		v.err = errors.New("down")
		for range 59 {
			time.Sleep(time.Minute)
			get(false, 4) // good for an hour
		}
		time.Sleep(time.Minute)
		if got, err := r.get(t.Context(), t.Context(), false); err == nil {
			t.Errorf("after an hour: %d", got)
		}
	})
}

func TestAFetchIsNotTriedOverAndOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &versions{err: errors.New("down")}
		r := remember(v)
		for range 50 {
			if _, err := r.get(t.Context(), t.Context(), false); !errors.Is(err, v.err) {
				t.Error(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if v.count != 1 {
			t.Errorf("tried %d times in five seconds", v.count)
		}
		v.err = nil
		if got, err := r.get(t.Context(), t.Context(), false); got != 2 || err != nil {
			t.Error(got, err)
		}
	})
}

func TestNobodyWaitsForAFetchLongerThanTheyMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &versions{delay: time.Hour}
		r := remember(v)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.get(ctx, t.Context(), false); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		life, end := context.WithCancel(t.Context())
		time.Sleep(20 * time.Second)
		go end() // and whoever stops waits for nobody
		if _, err := r.get(t.Context(), life, false); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
