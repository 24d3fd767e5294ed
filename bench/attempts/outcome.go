package attempts

import "time"

// Verdict is how an attempt ended.
type Verdict string

// The verdicts.
const (
	// Refused means that nothing got through.
	Refused Verdict = "refused"
	// Through means that something did.
	Through Verdict = "got through"
	// Wronged means that nothing got through, and somebody honest was refused.
	Wronged Verdict = "wronged"
	// Untried means that something that is needed is missing.
	Untried Verdict = "not tried"
	// Unclear means that the attempt could not be carried out to its end.
	Unclear Verdict = "unclear"
)

// Outcome is what became of one attempt.
type Outcome struct {
	Attempt *Attempt `json:"-"`
	Verdict Verdict  `json:"verdict"`
	// Because is why it was not tried, or is unclear.
	Because string `json:"because,omitempty"`
	// Tried is how many variants were tried, and Found those that got through.
	Tried int           `json:"tried"`
	Found []Finding     `json:"found,omitempty"`
	Notes []string      `json:"notes,omitempty"`
	Took  time.Duration `json:"took_ns"`
}

// Finding is one variant that got through, with the evidence.
type Finding struct {
	Variant string `json:"variant"`
	// Sent is the exact request, Answer what came back, and Backend what the canary saw,
	// each as far as it is known and at most a few kilobytes.
	Sent    string `json:"sent,omitempty"`
	Answer  string `json:"answer,omitempty"`
	Backend string `json:"backend,omitempty"`
	// Why says by what it was judged.
	Why string `json:"why"`
}
