package attempts_test

import (
	"testing"

	"waitroom/bench/attempts"
)

func TestChaosOpensNothing(t *testing.T) {
	t.Parallel()
	all := chosen(t, attempts.Choice{Drivers: []string{"chaos"}})
	site := attempts.Start(t, attempts.Own{Binary: binary})
	site.Begin(t, all)
	r := attempts.Runner{Site: site}
	fails(t, r.Run(t.Context(), all))
}
