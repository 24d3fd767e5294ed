package attempts

import "strings"

// paths are spellings of a protected address that one server or another takes for it, for
// something open, or for the gateway's own.
func paths(page, open string) []string {
	if open == "" {
		open = "/static/"
	}
	name := strings.TrimPrefix(page, "/")
	b := name[:1]
	text := strings.NewReplacer("{p}", page, "{n}", name, "{o}", open, "{f}", strings.TrimSuffix(open, "/"),
		"{up}", strings.ToUpper(name), "{first}", "%"+lowHex(b), "{twice}", "%25"+lowHex(b), "{rest}", name[1:], "{all}", encoded(name))
	var all []string
	for _, form := range forms {
		all = append(all, text.Replace(form))
	}
	return append(all, "/"+strings.Repeat("a/", 200)+name)
}

func lowHex(b string) string { return strings.ToLower(encoded(b)[1:]) }

// encoded percent-encodes every byte.
func encoded(text string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(text) {
		b.WriteByte('%')
		b.WriteByte(digits[text[i]>>4])
		b.WriteByte(digits[text[i]&15])
	}
	return b.String()
}

// forms are spellings with {p} for the address, {n} for it without its slash, and {o} and
// {f} for an open folder with and without one.
var forms = []string{
	"{p}", "{p}/", "/{up}", "/{n}?", "//{n}", "///{n}", "/./{n}", "/x/../{n}", "{o}../{n}", "{o}./../{n}", "{o}/../{n}", "{o}x/../../{n}",
	"{o}..%2f{n}", "{o}%2e%2e/{n}", "{o}%2e%2e%2f{n}", "{o}.%2e/{n}", "{o}%2e./{n}", "{o}..%5c{n}", "{o}..\\{n}", "{f}%2f..%2f{n}", "{f}%2f%2e%2e%2f{n}",
	"{o}..;/{n}", "{o};/../{n}", "{f};/../{n}", "{o}..;x=1/{n}", "{p};jsessionid=1", "/;/{n}", "{p};.css", "{p};/x.css", "{p}/x.css", "{p}.css", "{p}%2ecss",
	"{p}%20", "{p}%09", "{p}.", "{p}..", "{p}/.", "{p}/..", "{p}%00", "{p}%00.css", "{p}%0d%0aX:1", "{p}%0a", "{p}%23", "{p}#frag", "{p}?x=1#frag", "{p}%3f", "{p}%3fx",
	"/{first}{rest}", "/{all}", "/{twice}{rest}", "{o}%252e%252e/{n}", "{o}..%252f{n}", "{o}..%25252f{n}", "{o}..%c0%af{n}", "{o}%c0%ae%c0%ae/{n}", "{o}%e0%80%ae%e0%80%ae/{n}",
	"{o}..%u2215{n}", "{o}%u002e%u002e/{n}", "{o}\xef\xbc\x8e\xef\xbc\x8e/{n}", "{o}%ef%bc%8e%ef%bc%8e/{n}", "{o}..\xe2\x88\x95{n}", "{o}..%e2%88%95{n}", "{o}..%ef%bc%8f{n}",
	"{p}%zz", "{p}%", "{p}%2", "{p}%5c", "{p}\\", "\\{n}", "/\\{n}", "{n}", "*", "?", "", "{p}?admitted=true&bypass=1", "{p}?waitroom=0", "{p}&x", "{p}|", "{p}^", "{p}\"", "{p}<", "{p}`",
	"{p}\x01", "{p}\x7f", "{p}\xff", "{p}\x0b", "{p}\xc2\xa0", "{p}\xe2\x80\x8b", "/.waitroom/../{n}", "/.waitroom/%2e%2e/{n}", "/.waitroom/..%2f{n}", "/.waitroom//{n}",
	"/.waitroom/booking/../../{n}", "/.Waitroom/booking/status/../../../{n}", "/.waitroom/jwks.json/../../{n}", "/.waitroom/jwks.json;/../../{n}", "{f}", "{f}s/{n}", "{f}%20/../{n}", "{f}../{n}", "{f}./../{n}",
	"/.well-known/../{n}", "{p}/%2e", "{p}/%2e%2e/admin", "{p}/./slots", "/api/v1/../../{n}", "/%2f{n}", "/%2f%2f{n}", "/.%00/{n}", "/%20{n}", "/%09{n}", "/ {n}", "{p} x", "/%e2%80%aebook",
	"/{n}%e2%80%8b", "/index.php/{n}", "/~{n}", "/{n}~", "/{n}.bak", "/{n}::$DATA", "/{n}:x", "/cgi-bin/{n}", "{o}{n}/../../{n}",
	"{o}%25%32%65%252%65/{n}", "{o}%25%32e%25%32e%25%32f{n}", "{o}%25u002e%25u002e/{n}", "{o}%ef%b8%b0/{n}", "{o}x%e2%82%a9..%e2%82%a9{n}", "{o}x%c2%a5..%c2%a5..%c2%a5{n}",
	"{o}%ef%b9%aa2e%ef%b9%aa2e/{n}", "{o}..%ef%bc%9b/{n}", "{o}..%cd%be/{n}", "{o}..%c2%a0/{n}", "{o}%e2%80%8b../{n}",
}
