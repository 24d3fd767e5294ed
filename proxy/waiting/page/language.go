package page

import (
	"strconv"
	"strings"
)

// LanguageCookie is the name of the cookie in which the page's script keeps the visitor's choice. It holds ko or en,
// and decides nothing but words.
const LanguageCookie = "waitroom-language"

// Language returns ko or en: the cookie's value if it is one of them, else what Accept-Language (RFC 9110, 12.5.4)
// weighs highest, the first of equals. Whoever names neither but names something reads English; whoever names nothing
// reads Korean.
func Language(acceptLanguage, cookie string) string {
	if cookie == "ko" || cookie == "en" {
		return cookie
	}
	const enough = 512
	if len(acceptLanguage) > enough {
		acceptLanguage = acceptLanguage[:enough]
	}
	best, weight, named := "", 0.0, false
	for part := range strings.SplitSeq(acceptLanguage, ",") {
		tag, params, _ := strings.Cut(part, ";")
		tag = strings.ToLower(strings.TrimSpace(tag))
		primary, _, _ := strings.Cut(tag, "-")
		named = named || tag != "" && tag != "*"
		if q := quality(params); (primary == "ko" || primary == "en") && q > weight {
			best, weight = primary, q
		}
	}
	switch {
	case best != "":
		return best
	case named:
		return "en"
	}
	return "ko"
}

// quality reads ";q=…": 1 where it is absent, 0 where it is nonsense.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
