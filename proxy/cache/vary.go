package cache

import (
	"slices"
	"strings"

	"waitroom/proxy/strict"
)

const (
	maxNames    = 8   // fields that an answer may vary by
	maxVariants = 64  // answers to one address
	maxValue    = 256 // bytes of a field that is part of a key
)

// varyClass is what a name in Vary means here.
type varyClass uint8

const (
	never    varyClass = iota // the answer is not for all
	honoured                  // the field's value is part of the key
	inKey                     // it is already
)

func varyKind(name string) varyClass {
	if name == "" {
		return inKey // an empty element of a list
	}
	switch strict.KindOf(name) {
	case strict.Host, strict.ForwardedHost, strict.ForwardedProto:
		return inKey
	case strict.Plain, strict.UserAgent, strict.Referer, strict.Origin, strict.FetchSite, strict.FetchMode, strict.FetchDest:
		if name == "*" || !token(name) {
			return never
		}
		return honoured
	}
	return never
}

// token reports a name that can stand in a request.
func token(name string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-'
	})
}

// field is one field of a fetch that is part of its key.
type field struct{ name, value string }

// values are the request's values of these fields, so written that what means the same
// is the same. false means that one is too long to be part of a key.
func values(q *strict.Request, names []string) ([]field, bool) {
	all := make([]field, 0, len(names))
	for _, name := range names {
		value := joined(q, name)
		switch name {
		case "accept-encoding":
			value = encodings(value)
		case "accept", "accept-language", "accept-charset":
			value = strings.ToLower(strings.NewReplacer(" ", "", "\t", "").Replace(value))
		}
		if len(value) > maxValue {
			return nil, false
		}
		all = append(all, field{name, value})
	}
	return all, true
}

// joined is the value of all fields of that name.
func joined(q *strict.Request, name string) string {
	var parts []string
	for i := range q.Fields {
		if f := &q.Fields[i]; len(f.Name) == len(name) && strings.EqualFold(string(f.Name), name) {
			parts = append(parts, string(f.Value))
		}
	}
	return strings.Join(parts, ",")
}

// encodings are those that the visitor takes, of those that servers use, in one order.
func encodings(value string) string {
	var taken []string
	for part := range strings.SplitSeq(strings.ToLower(value), ",") {
		name, weight, _ := strings.Cut(part, ";")
		weight = strings.ReplaceAll(weight, " ", "")
		if refused := strings.TrimRight(weight, "0"); refused == "q=" || refused == "q=0." {
			continue
		}
		switch name = strings.TrimSpace(name); name {
		case "br", "gzip", "zstd", "deflate":
			taken = appendNew(taken, name)
		}
	}
	slices.Sort(taken)
	return strings.Join(taken, ", ")
}

func appendNew(all []string, name string) []string {
	if slices.Contains(all, name) {
		return all
	}
	return append(all, name)
}

// variant is the key of one of an address's answers. The marker's epoch is in it, so that
// what was kept by other names is not found again.
func variant(base string, m *marker, fields []field) string {
	var b strings.Builder
	b.WriteString(base)
	b.WriteByte(0)
	b.WriteString(m.epoch)
	for _, f := range fields {
		b.WriteByte(0)
		b.WriteString(f.value)
	}
	return b.String()
}
