package attempts

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"text/tabwriter"
)

// List writes the catalogue in one line each.
func List(to io.Writer, all []Attempt) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "id\tdriver\tattempt\treferences")
	for i := range all {
		a := &all[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.ID, a.Driver, a.Title, strings.Join(a.Refs, " "))
	}
	return w.Flush()
}

// Explain writes all that is known of an attempt, with the addresses of a site.
func (a *Attempt) Explain(to io.Writer, o *Site) error {
	says := words(o)
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\nfamily        %s, %s\ndriver        %s\nreferences    %s\n", a.ID, a.Title, a.Family(), Families[a.Family()], a.Driver, strings.Join(a.Refs, ", "))
	if needs := a.Needs.String(); needs != "" {
		fmt.Fprintf(&b, "needs         %s\n", needs)
	}
	fmt.Fprintf(&b, "\nby hand       %s\n\nright answer  %s\n", says.Replace(a.Steps), a.Expect)
	_, err := io.WriteString(to, b.String())
	return err
}

// words fills in what is known of a site; where nothing is, as `waitroom demo` has it.
func words(o *Site) *strings.Replacer {
	site := &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}
	if u, err := url.Parse(o.URL); err == nil && u.Host != "" {
		site = &url.URL{Scheme: u.Scheme, Host: u.Host}
	}
	address, wire := site.Host, "nc "+site.Hostname()+" "+cmp.Or(site.Port(), "80")
	if site.Scheme == "https" {
		wire = "openssl s_client -quiet -connect " + net.JoinHostPort(site.Hostname(), cmp.Or(site.Port(), "443"))
	}
	var pairs []string
	for _, w := range []struct{ word, value string }{
		{"{url}", site.String()}, {"{address}", address}, {"{wire}", wire}, {"{host}", cmp.Or(o.Host, address)}, {"{room}", cmp.Or(o.Room, "booking")},
		{"{page}", cmp.Or(o.Page, "/book")}, {"{open}", cmp.Or(o.Open, "/static/")}, {"{backend}", cmp.Or(o.Backend, "http://BACKEND")},
	} {
		pairs = append(pairs, w.word, w.value)
	}
	return strings.NewReplacer(pairs...)
}

// String names the needs.
func (n Need) String() string {
	var all []string
	for _, one := range []struct {
		need Need
		name string
	}{
		{NeedOwn, "a gateway of its own"}, {NeedRedis, "Redis"}, {NeedTwo, "two gateways"}, {NeedChromium, "Chromium"}, {NeedOperator, "the operator listener"},
		{NeedBackend, "the backend's address"}, {NeedClosed, "a room that lets nobody in meanwhile"}, {NeedOpen, "an open path"}, {NeedCanary, "a canary as the backend"},
	} {
		if n&one.need != 0 {
			all = append(all, one.name)
		}
	}
	return strings.Join(all, ", ")
}

// Markdown writes the catalogue as a document: attempt, defence, test.
func Markdown(to io.Writer, all []Attempt) error {
	var b strings.Builder
	b.WriteString("# Attempts, defences, tests\n\nWritten by `bypass -list -o markdown`. Each attempt is run by `bypass` and, but for those marked static, by the tests of\n`bench/attempts`. `bypass -explain ID` says how to try one by hand.\n")
	family := ""
	for i := range all {
		a := &all[i]
		if a.Family() != family {
			family = a.Family()
			fmt.Fprintf(&b, "\n## %s: %s\n\n| id | attempt | the right answer | driver | references |\n|---|---|---|---|---|\n", family, Families[family])
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", a.ID, cell(a.Title), cell(a.Expect), a.Driver, strings.Join(a.Refs, ", "))
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// cell keeps a text in its cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "{", "`{", "}", "}`").Replace(text)
}
