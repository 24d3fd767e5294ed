package visitor

import "bytes"

// Full is the weight of a member that names none, in thousandths.
const Full = 1000

// CutMember takes the first member off a list with weights, such as Accept and
// Accept-Encoding are (RFC 9110, section 12.4.2), and gives its name, its weight in
// thousandths, and the rest; a nil rest is the end. A weight that is nonsense is 0.
func CutMember(list []byte) (name []byte, weight int, rest []byte) {
	member := list
	if comma := bytes.IndexByte(list, ','); comma >= 0 {
		member, rest = list[:comma], list[comma+1:]
	}
	name, weight = member, Full
	if semicolon := bytes.IndexByte(member, ';'); semicolon >= 0 {
		name, weight = member[:semicolon], weightOf(member[semicolon+1:])
	}
	return bytes.TrimSpace(name), weight, rest
}

// weightOf finds q among a member's parameters.
func weightOf(params []byte) int {
	for len(params) > 0 {
		param := params
		if semicolon := bytes.IndexByte(params, ';'); semicolon >= 0 {
			param, params = params[:semicolon], params[semicolon+1:]
		} else {
			params = nil
		}
		param = bytes.TrimSpace(param)
		if len(param) >= 2 && (param[0] == 'q' || param[0] == 'Q') && param[1] == '=' {
			return thousandths(param[2:])
		}
	}
	return Full
}

// thousandths reads a weight: 0 or 1, and up to three decimals, at most 1 together.
func thousandths(text []byte) int {
	if len(text) == 0 || len(text) > 5 || text[0] != '0' && text[0] != '1' || len(text) > 1 && text[1] != '.' {
		return 0
	}
	n, unit := int(text[0]-'0')*Full, Full
	for _, c := range text[min(2, len(text)):] {
		if c < '0' || c > '9' {
			return 0
		}
		unit /= 10
		n += int(c-'0') * unit
	}
	if n > Full {
		return 0
	}
	return n
}

// prefersJSON says whether an Accept field weighs a JSON type higher than HTML; of
// equals the first counts. Wildcards are what every program sends, and say nothing.
func prefersJSON(accept []byte) bool {
	json, html, first := 0, 0, false
	for accept != nil {
		var name []byte
		var weight int
		name, weight, accept = CutMember(accept)
		switch {
		case containsFold(name, "json") && weight > json:
			first = html == 0
			json = weight
		case containsFold(name, "html"):
			html = max(html, weight)
		}
	}
	return json > html || json == html && json > 0 && first
}

// containsFold looks for a word in lower-case letters, in any case.
func containsFold(b []byte, word string) bool {
	for i := 0; i+len(word) <= len(b); i++ {
		if bytes.EqualFold(b[i:i+len(word)], []byte(word)) {
			return true
		}
	}
	return false
}
