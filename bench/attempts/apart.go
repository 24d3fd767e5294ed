package attempts

import (
	"context"
	"errors"
	"testing"
)

// Apart calls f with a testing.TB outside of a test: for what is started and driven with
// the packages that tests use. What f has started ends before Apart returns. The error is
// what f failed with.
func Apart(ctx context.Context, f func(t testing.TB)) error {
	t := newTrial(ctx, "bypass")
	t.run(func() { f(t) })
	if t.Failed() {
		return errors.New(first(t.notes()))
	}
	return nil
}
