package waiting

import "bytes"

// families are the kinds of browsers that people know theirs by. The store keeps the number: the order is fixed.
var families = [...]string{
	"other", "KakaoTalk", "NAVER", "Whale", "Samsung Internet", "Edge", "Opera", "Firefox", "Chrome", "Safari", "app",
}

// marks are what each shows in its User-Agent; of several the first counts.
var marks = [...]string{"", "KAKAOTALK", "NAVER(inapp", "Whale/", "SamsungBrowser/", "Edg", "OPR/", "Firefox/", "Chrome/", "Safari/"}

// family is what kind of browser shows this User-Agent.
func family(agent []byte) byte {
	for i, mark := range marks {
		if mark != "" && bytes.Contains(agent, []byte(mark)) {
			return byte(i) // #nosec G115 -- there are few
		}
	}
	if len(agent) > 0 && !bytes.HasPrefix(agent, []byte("Mozilla/")) {
		return byte(len(families) - 1)
	}
	return 0
}
