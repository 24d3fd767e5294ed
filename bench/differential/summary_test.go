package differential

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var tableFile = flag.String("table", "", "write what the backends made of the corpus as Markdown into this file")

// family is one line of the first table.
type family struct {
	cases, disagreed, through int
	hidden                    map[string]int
}

// summary is what the run showed.
type summary struct {
	names     []string
	families  map[string]*family
	rows      []string
	disagreed int
	cases     int
}

// summarise counts, by family, where the backends read the same bytes differently
// when nothing stands before them, and where the hidden request came out.
func summarise(cases []Case, names []string, all map[string][]result) *summary {
	s := &summary{names: names, families: map[string]*family{}, cases: len(cases)}
	for i, c := range cases {
		f := s.families[c.Family]
		if f == nil {
			f = &family{hidden: map[string]int{}}
			s.families[c.Family] = f
		}
		f.cases++
		f.through += min(len(all[names[0]][i][withPass]), 1)
		forms, cells := []string{}, []string{}
		for _, name := range names {
			got := all[name][i][straight]
			if form := readings(got); !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
			cell := fmt.Sprint(len(got))
			if where := differs(all, names, i); where != "" && len(got) > 0 {
				cell += " " + escape(map[string]string{"host": shown(got[0].Host), "target": shown(got[0].Target)}[where])
			}
			if hides(got) {
				f.hidden[name]++
				cell += ", hidden"
			}
			cells = append(cells, cell)
		}
		if len(forms) > 1 {
			f.disagreed++
			s.disagreed++
			s.rows = append(s.rows, fmt.Sprintf("| %s | %s | %s | %d |", c.Family, escape(c.Why), strings.Join(cells, " | "), len(all[names[0]][i][withPass])))
		}
	}
	return s
}

// differs says where the difference lies if all backends saw one request.
func differs(all map[string][]result, names []string, i int) string {
	first := all[names[0]][i][straight]
	for _, name := range names {
		got := all[name][i][straight]
		switch {
		case len(got) != 1 || len(first) != 1:
			return ""
		case got[0].Host != first[0].Host:
			return "host"
		case got[0].Target != first[0].Target:
			return "target"
		}
	}
	return ""
}

func hides(all []Understood) bool {
	return slices.ContainsFunc(all, func(u Understood) bool { return u.Target == Smuggled && !u.Has("Cookie") })
}

func escape(why string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`").Replace(why)
}

// write writes both tables into the file that -table names.
func (s *summary) write(t *testing.T) {
	if *tableFile == "" {
		return
	}
	var b strings.Builder
	names := strings.Join(s.names, " | ")
	rule := strings.Repeat("---|", len(s.names))
	fmt.Fprintf(&b, "| family | cases | read differently | hidden one seen by %s | through the gateway |\n|---|---|---|%s---|\n", strings.Join(s.names, " | by "), rule)
	keys := make([]string, 0, len(s.families))
	for k := range s.families {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(sortable(a), sortable(b)) })
	through := 0
	for _, k := range keys {
		f := s.families[k]
		through += f.through
		fmt.Fprintf(&b, "| %s | %d | %d |", k, f.cases, f.disagreed)
		for _, name := range s.names {
			fmt.Fprintf(&b, " %d |", f.hidden[name])
		}
		fmt.Fprintf(&b, " %d |\n", f.through)
	}
	fmt.Fprintf(&b, "| all | %d | %d |%s %d |\n", s.cases, s.disagreed, strings.Repeat(" |", len(s.names)), through)
	fmt.Fprintf(&b, "\n| family | bytes | %s | through the gateway |\n|---|---|%s---|\n%s\n", names, rule, strings.Join(s.rows, "\n"))
	if err := os.WriteFile(*tableFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func sortable(id string) string { return fmt.Sprintf("%c%03s", id[0], id[1:]) }
