package operator

import (
	"crypto/sha256"
	_ "embed" // the page's three parts
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed assets/page.html
var pageHTML string

//go:embed assets/page.css
var pageCSS string

//go:embed assets/page.js
var pageJS string

// page is one file without data of its own. Its policy allows exactly the script
// and the style that are in it.
type page struct {
	body   []byte
	policy string
}

func newPage() *page {
	return &page{
		body: []byte(strings.NewReplacer("{{css}}", pageCSS, "{{js}}", pageJS).Replace(pageHTML)),
		policy: "default-src 'none'; script-src '" + hash(pageJS) + "'; style-src '" + hash(pageCSS) + "'; img-src data:; connect-src 'self'; " +
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
	}
}

// hash is how a policy names an inline script or style (CSP 3, section 2.3.1).
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (p *page) show(w http.ResponseWriter, r *http.Request) { p.answer(w, http.StatusOK) }

func (p *page) answer(w http.ResponseWriter, status int) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	w.WriteHeader(status)
	_, _ = w.Write(p.body)
}
