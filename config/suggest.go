package config

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// nearest is the known word that text was most likely meant to be, or "" where none is close.
func nearest(text string, known []string) string {
	best, bestAt := "", 1+max(1, min(3, utf8.RuneCountInString(text)/2))
	for _, k := range known {
		d := distance(strings.ToLower(text), strings.ToLower(k))
		if d < bestAt {
			best, bestAt = k, d
		}
	}
	return best
}

// distance counts the single-letter changes, and swaps of neighbours, that make a of b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 64
	}
	var rows [3][65]int // the row before the last, the last, this one
	for j := range y {
		rows[1][j+1] = j + 1
	}
	for i := range x {
		rows[2][0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			d := min(rows[1][j+1]+1, rows[2][j]+1, rows[1][j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				d = min(d, rows[0][j-1]+1)
			}
			rows[2][j+1] = d
		}
		rows[0], rows[1] = rows[1], rows[2]
	}
	return rows[1][len(y)]
}

// quote shows text from a file within a message: on one line, and not without end.
func quote(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return strconv.Quote(text)
}
