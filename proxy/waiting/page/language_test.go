package page

import (
	"strings"
	"testing"
)

func TestLanguageIsTheVisitorsChoiceThenTheBrowsers(t *testing.T) {
	f := func(accept, cookie, want string) {
		t.Helper()
		if got := Language(accept, cookie); got != want {
			t.Errorf("%q, cookie %q: %s, want %s", accept, cookie, got, want)
		}
	}
	f("en-GB,en;q=0.9", "ko", "ko")              // the choice wins
	f("ko-KR", "en", "en")                       // both ways
	f("ko-KR", "<script>", "ko")                 // a foreign cookie is none
	f("", "", "ko")                              // nothing said
	f("*", "", "ko")                             // anything will do
	f("ko-KR,ko;q=0.9,en-US;q=0.8", "", "ko")    // a Korean telephone
	f("en-US,en;q=0.9,ko;q=0.8", "", "en")       // weighed
	f("en;q=0.5, ko;q=0.7", "", "ko")            // by weight, not by order
	f("ko;q=0.5, en;q=0.5", "", "ko")            // the first of equals
	f("KO-kr", "", "ko")                         // tags have no case
	f("ko;q=0,*", "", "en")                      // not Korean, please
	f("fr-FR,fr;q=0.9", "", "en")                // neither: English is read more widely
	f("fr,ko;q=0.1", "", "ko")                   // what there is
	f("kok-IN", "", "en")                        // Konkani is not Korean
	f("en;q=nonsense,ko;q=0.1", "", "ko")        // nonsense weighs nothing
	f("en;q=7,ko;q=0.1", "", "ko")               // weights end at 1
	f("en;q=NaN,ko;q=0.1", "", "ko")             // which are numbers
	f(strings.Repeat("x,", 4000)+"ko", "", "en") // not read to its end
}
