package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one mistake: where it stands, what is wrong, and what would be right.
type Problem struct {
	// File is the configuration file as it was named to Load, or, for a setting that came
	// from the environment, the name of the variable.
	File string
	// Line and Column count from 1. Line is 0 where there is no place in a file to point at.
	Line, Column int
	// What is wrong, and Mend, what would be right. Neither ever holds a secret's value.
	What, Mend string
}

// String is `file:line:column: what; mend`, or `file: what; mend` without a line; always one line
// of printable text.
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
	text := where + ": " + p.What
	if p.Mend != "" {
		text += "; " + p.Mend
	}
	return oneLine(text)
}

// oneLine writes out what would break a line or a terminal: names come from outside.
func oneLine(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strconv.IsPrint(c) {
			b.WriteRune(c)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return b.String()
}

// Problems is every mistake of one configuration: those of the file in the order of its lines,
// then those of the environment by name.
type Problems []Problem

// Error is all problems, one on a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts the problems into the order that Problems promises, and drops exact repetitions.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if (a.Line == 0) != (b.Line == 0) {
			return b.Line - a.Line
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.File, b.File))
	})
	return slices.Compact(ps)
}

// fault is a Problem that does not know yet where it stands.
type fault struct{ what, mend string }

func (f *fault) Error() string {
	if f.mend == "" {
		return f.what
	}
	return f.what + "; " + f.mend
}
