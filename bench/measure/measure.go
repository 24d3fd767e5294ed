// Package measure compares running servers by what they cost: it starts processes
// pinned to a core, reads the CPU time that the kernel has accounted to them, lets
// wrk load two of them at the same time, and gives the ratio of CPU per request.
//
// On a machine that others use, too, times drift by a third from minute to minute;
// the ratio of two servers that share one core at the same moment does not. So it
// promises ratios, with their spread, and counts; a single absolute figure of it is
// worth little. It runs on Linux only, holds no expectations, and asserts no times.
package measure

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Spread is the median of measured values and how far they lie apart.
type Spread struct {
	Median, Min, Max float64
}

// SpreadOf gives the spread of values; zero of none.
func SpreadOf(values ...float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	v := slices.Clone(values)
	slices.Sort(v)
	n := len(v)
	return Spread{Median: (v[(n-1)/2] + v[n/2]) / 2, Min: v[0], Max: v[n-1]}
}

// Side is one of two servers that are compared.
type Side struct {
	Name string
	// Server is the process that is measured. Beside are others whose CPU time is of
	// interest, such as the store's.
	Server *Process
	Beside []*Process
	Load   Load
}

// Sample is what one side did in one round.
type Sample struct {
	Result
	// CPU is what the server used in this round, Beside what each process beside it did.
	CPU    time.Duration
	Beside []time.Duration
}

// PerRequest is the server's CPU per answered request, in microseconds.
func (s *Sample) PerRequest() float64 { return perRequest(s.CPU, s.Requests) }

// BesidePerRequest is the CPU of a process beside the server per answered request, in
// microseconds.
func (s *Sample) BesidePerRequest(i int) float64 { return perRequest(s.Beside[i], s.Requests) }

func perRequest(cpu time.Duration, requests int64) float64 {
	return float64(cpu.Nanoseconds()) / 1e3 / float64(max(requests, 1))
}

// Round is both sides' samples of the same time.
type Round struct{ A, B Sample }

// Compared is what the rounds of a pair gave.
type Compared struct {
	Rounds []Round
	// Ratio is A's CPU per request over B's, round by round.
	Ratio Spread
	// A and B are microseconds of CPU per request.
	A, B Spread
}

// Pair loads both sides at the same time, for as many rounds as asked for, and
// compares what they cost. Which side's load starts first alternates. It blocks for
// about rounds times the loads' duration, and ends early with an error where a load
// cannot run, or a server ends.
func Pair(ctx context.Context, a, b Side, rounds int) (Compared, error) {
	var c Compared
	var ratios, costA, costB []float64
	for n := range rounds {
		samples, err := together(ctx, n%2 == 1, a, b)
		if err != nil {
			return c, fmt.Errorf("round %d of %s beside %s: %w", n+1, a.Name, b.Name, err)
		}
		r := Round{A: samples[0], B: samples[1]}
		c.Rounds = append(c.Rounds, r)
		costA, costB = append(costA, r.A.PerRequest()), append(costB, r.B.PerRequest())
		ratios = append(ratios, r.A.PerRequest()/max(r.B.PerRequest(), 1e-9))
	}
	c.Ratio, c.A, c.B = SpreadOf(ratios...), SpreadOf(costA...), SpreadOf(costB...)
	return c, nil
}

// together runs the loads of all sides at once, and reads every process's CPU before
// the first has begun and after the last has ended.
func together(ctx context.Context, backwards bool, sides ...Side) ([]Sample, error) {
	samples := make([]Sample, len(sides))
	if err := account(sides, samples, -1); err != nil {
		return nil, err
	}
	order := make([]int, len(sides))
	for i := range order {
		order[i] = i
	}
	if backwards {
		slices.SortFunc(order, func(x, y int) int { return cmp.Compare(y, x) })
	}
	ended := make([]func() (Result, error), len(sides))
	for _, i := range order {
		ended[i] = sides[i].Load.start(ctx)
	}
	var failed error
	for i, end := range ended {
		result, err := end()
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", sides[i].Name, err)
		}
		samples[i].Result = result
	}
	if failed != nil {
		return nil, failed
	}
	return samples, account(sides, samples, 1)
}

// account adds the CPU that every process has used so far, times sign.
func account(sides []Side, samples []Sample, sign time.Duration) error {
	for i, s := range sides {
		used, err := s.Server.CPU()
		if err != nil {
			return err
		}
		samples[i].CPU += sign * used
		if samples[i].Beside == nil {
			samples[i].Beside = make([]time.Duration, len(s.Beside))
		}
		for j, p := range s.Beside {
			used, err := p.CPU()
			if err != nil {
				return err
			}
			samples[i].Beside[j] += sign * used
		}
	}
	return nil
}

// tail is the end of a program's output, for errors.
func tail(out []byte) []byte {
	const most = 2000
	return bytes.TrimSpace(out[max(0, len(out)-most):])
}
