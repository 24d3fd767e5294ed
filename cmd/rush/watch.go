package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"waitroom/bench/load"
)

// watcher shows how it goes: on a terminal in one line that changes, otherwise in a
// line every ten seconds.
type watcher struct {
	out      io.Writer
	quiet    bool
	terminal bool
	// shown says that a line is open on the terminal.
	shown bool
}

func newWatcher(out io.Writer, quiet bool) *watcher {
	w := &watcher{out: out, quiet: quiet}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		w.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return w
}

// foretell says how long it will take.
func (w *watcher) foretell(p *load.Plan) {
	if w.quiet {
		return
	}
	takes, ends := p.Least(), p.Ends()
	if p.RatePerHour == 0 {
		fmt.Fprintf(w.out, "rush: all come within %s; it ends when everybody is through, after %s at the latest\n", takes, ends)
		return
	}
	fmt.Fprintf(w.out, "rush: it takes about %s at this rate, %s at the latest\n", takes.Round(time.Second), ends)
}

// linesEvery is how many seconds a line is for where they stay.
const linesEvery = 10

func (w *watcher) progress(p load.Progress) {
	seconds := int(p.Elapsed.Seconds() + 0.5)
	if w.quiet || !w.terminal && seconds%linesEvery != 0 {
		return
	}
	line := fmt.Sprintf("%4d s  joined %d, waiting %d, entered %d, through %d; per second %d joins, %d polls, %d entries; p99 %.0f ms, %d queued, %d failed, %d wrong",
		seconds, p.Joined, p.Waiting(), p.Entered, p.Through, p.Joins, p.Polls, p.Entries, p.P99, p.Queued, p.Failed, p.Wrong)
	if !w.terminal {
		fmt.Fprintln(w.out, line)
		return
	}
	fmt.Fprint(w.out, "\r"+line+"\x1b[K")
	w.shown = true
}

// end closes the line that is open.
func (w *watcher) end() {
	if w.shown {
		fmt.Fprintln(w.out)
	}
}
