// Package site is the small booking site that stands behind the gateway in the
// demo: a backend that knows nothing of waiting rooms, but for two headers.
//
// It is real as far as it goes: a stock of slots, a form, bookings that take one
// each, in Korean and English. Everything is in memory and gone at the end. It
// has no script, asks for a name only, and takes nothing for granted: what comes in
// is bounded and escaped, and a form is taken only from whom it was given to.
package site

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed" // the style sheet
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

//go:embed assets/style.css
var style []byte

// Options is what New needs; zero values are replaced.
type Options struct {
	// Days is how many days can be booked, from tomorrow on (default 5), and Stock how many
	// bookings there are in all, spread evenly over them (default 2,000).
	Days, Stock int
	// Verify checks the Waitroom-Pass of a request by the gateway's public keys, and
	// gives the pass's id. Nil verifies none.
	Verify func(pass string) (id string, ok bool)
	// Now is the clock (default time.Now).
	Now func() time.Time
}

// Visit is one request for a page, as the site recorded it.
type Visit struct {
	At       time.Time `json:"at"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Pass     string    `json:"pass,omitempty"`
	Verified bool      `json:"verified"`
}

// keptVisits bounds the record of visits.
const keptVisits = 100

type site struct {
	Options
	stock  *stock
	key    [32]byte
	mu     sync.Mutex
	visits []Visit
}

// New is the site.
func New(o Options) http.Handler {
	if o.Days <= 0 {
		o.Days = 5
	}
	if o.Stock <= 0 {
		o.Stock = 2000
	}
	if o.Verify == nil {
		o.Verify = func(string) (string, bool) { return "", false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &site{Options: o, stock: newStock(o.Now().AddDate(0, 0, 1), o.Days, o.Stock)}
	_, _ = rand.Read(s.key[:]) // never fails, by its contract
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.list)
	mux.HandleFunc("GET /book", s.form)
	mux.HandleFunc("POST /book", s.book)
	mux.HandleFunc("GET /book/{number}", s.show)
	mux.HandleFunc("POST /done", s.done)
	mux.HandleFunc("GET /api/slots", func(w http.ResponseWriter, r *http.Request) { answer(w, s.stock.all()) })
	mux.HandleFunc("GET /api/visits", s.seen)
	mux.HandleFunc("GET /static/style.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write(style)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.say(w, r, http.StatusNotFound, s.words(r).NotFound) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		mux.ServeHTTP(w, r)
	})
}

func (s *site) words(r *http.Request) *words {
	chosen := r.URL.Query().Get("lang")
	if c, err := r.Cookie("site_lang"); chosen == "" && err == nil {
		chosen = c.Value
	}
	return speak(chosen, r.Header.Get("Accept-Language"))
}

// send ends a page, and records who came.
func (s *site) send(w http.ResponseWriter, r *http.Request, p *page, status int) {
	id, ok := s.Verify(r.Header.Get("Waitroom-Pass"))
	path := r.URL.Path
	if len(path) > 200 {
		path = strings.ToValidUTF8(path[:200], "")
	}
	s.mu.Lock()
	s.visits = append(s.visits, Visit{At: s.Now().UTC(), Method: r.Method, Path: path, Pass: id, Verified: ok})
	s.visits = s.visits[max(0, len(s.visits)-keptVisits):]
	s.mu.Unlock()
	p.send(w, status, id, ok)
}

func (s *site) seen(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	visits := append([]Visit{}, s.visits...)
	s.mu.Unlock()
	answer(w, visits)
}

func (s *site) say(w http.ResponseWriter, r *http.Request, status int, text string) {
	p := begin(s.words(r))
	p.note(text)
	s.send(w, r, p, status)
}

func (s *site) list(w http.ResponseWriter, r *http.Request) {
	words := s.words(r)
	if r.URL.Query().Get("lang") != "" {
		http.SetCookie(w, &http.Cookie{Name: "site_lang", Value: words.Lang, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	p := begin(words)
	p.put(`<p>%s. <a href="/">%s</a></p>`, words.Choose, words.Refresh)
	p.slots(s.stock.all())
	s.send(w, r, p, http.StatusOK)
}

// form gives a form that only this browser can send.
func (s *site) form(w http.ResponseWriter, r *http.Request) {
	sl, ok := s.stock.find(r.URL.Query().Get("slot"))
	if !ok {
		s.say(w, r, http.StatusNotFound, s.words(r).NotFound)
		return
	}
	session, err := r.Cookie("site_session")
	if err != nil || len(session.Value) != 26 {
		session = &http.Cookie{Name: "site_session", Value: rand.Text(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
		http.SetCookie(w, session)
	}
	p, form := begin(s.words(r)), rand.Text()
	p.form(sl, form, s.token(session.Value, form), "", "")
	s.send(w, r, p, http.StatusOK)
}

// token ties a form to the browser that it was given to.
func (s *site) token(session, form string) string {
	mac := hmac.New(sha256.New, s.key[:])
	_, _ = mac.Write([]byte(session + "\n" + form))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (s *site) book(w http.ResponseWriter, r *http.Request) {
	words, form, token := s.words(r), r.PostFormValue("form"), r.PostFormValue("token")
	session, err := r.Cookie("site_session")
	if err != nil || !hmac.Equal([]byte(token), []byte(s.token(session.Value, form))) {
		s.say(w, r, http.StatusForbidden, words.BadForm)
		return
	}
	sl, ok := s.stock.find(r.PostFormValue("slot"))
	if !ok {
		s.say(w, r, http.StatusNotFound, words.NotFound)
		return
	}
	name := strings.TrimSpace(r.PostFormValue("name"))
	if n := utf8.RuneCountInString(name); n == 0 || n > 60 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		p := begin(words)
		p.form(sl, form, token, "", words.BadName)
		s.send(w, r, p, http.StatusUnprocessableEntity)
		return
	}
	b, last, ok := s.stock.book(form, sl.ID, name)
	if last {
		// Everybody who still waits is told so by the gateway, at once.
		w.Header().Set("Waitroom-Command", "sold-out")
	}
	if !ok {
		s.say(w, r, http.StatusConflict, words.Gone)
		return
	}
	http.Redirect(w, r, "/book/"+b.number, http.StatusSeeOther)
}

func (s *site) show(w http.ResponseWriter, r *http.Request) {
	b, ok := s.stock.booked(r.PathValue("number"))
	if !ok {
		s.say(w, r, http.StatusNotFound, s.words(r).NotFound)
		return
	}
	p := begin(s.words(r))
	p.confirmation(b)
	s.send(w, r, p, http.StatusOK)
}

// done tells the gateway that this visitor needs the seat no more.
func (s *site) done(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Waitroom-Command", "release")
	s.say(w, r, http.StatusOK, s.words(r).Bye)
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // fails only where the client is gone
}
