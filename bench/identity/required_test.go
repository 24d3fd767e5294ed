package identity_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestNobodyIsVerifiedWithoutAClaimThatIsRequired(t *testing.T) {
	f := func(required, missing string) {
		t.Helper()
		s := open(t, setting{more: ", required: [" + required + "]"})
		a := s.verify(t, s.visitor(), 3)
		if missing == "" {
			if a.Status != http.StatusSeeOther {
				t.Errorf("%s: %d %.300s", required, a.Status, a.Body)
			}
			return
		}
		if a.Status != http.StatusOK || !strings.Contains(a.Body, `data-kind="failed"`) || !strings.Contains(a.Body, "<p>"+missing+"</p>") {
			t.Errorf("%s: %d %.300s", required, a.Status, a.Body)
		}
	}
	f("birthdate, phone_number", "")
	f("birthdate, adult", "adult")
}
