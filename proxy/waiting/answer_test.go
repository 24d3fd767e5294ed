package waiting

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"waitroom/proxy/waiting/page"
	"waitroom/queue"
)

func reader(s string) *bufio.Reader { return bufio.NewReader(strings.NewReader(s)) }

func TestGzipIsTakenWhereItIsAllowed(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "gzip, deflate, br, zstd": true, "br;q=1.0, gzip;q=0.8, *;q=0.1": true,
		"gzip;q=0": false, "gzip; q=0.0": false, "gzip;q=0.000": false, "gzip;q=0.001": true, "*": true, "*;q=0": false,
		"*, gzip;q=0": false, "gzip;q=0, *": false, "*;q=0, gzip": true, "identity": false, "br": false, "deflate": false,
		"gzippy": false, "gzip;q=nonsense": false, "gzip;q=2": false, "gzip;q=1.5": false, " gzip ;q=1": true, ",,gzip,,": true,
		"gzip;level=9": true, "gzip;level=9;q=0": false, "br,": false, ";": false,
	} {
		if got := takesGzip([]byte(accept)); got != want {
			t.Errorf("%q: %t, want %t", accept, got, want)
		}
	}
	if takesGzip(nil) {
		t.Error("no field: gzip")
	}
}

func TestThePageIsTheSameCompressed(t *testing.T) {
	template, err := page.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	body := func(fields ...string) (string, string, int) {
		t.Helper()
		ctx, q := request(t, fields...)
		Write(ctx, q, template, facts(), 200)
		h := &ctx.Response.Header
		if got := string(h.Peek("Vary")); got != "Accept-Encoding, Accept-Language" {
			t.Errorf("Vary is %q", got)
		}
		raw := ctx.Response.Body()
		size := len(raw)
		encoding := string(h.ContentEncoding())
		if encoding == "gzip" {
			r, err := gzip.NewReader(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if raw, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		csp := string(h.Peek("Content-Security-Policy"))
		_, rest, _ := strings.Cut(csp, "'nonce-")
		nonce, _, _ := strings.Cut(rest, "'")
		return strings.ReplaceAll(string(raw), nonce, "N"), encoding, size
	}
	plain, encoding, _ := body()
	if encoding != "" {
		t.Errorf("encoded %q without being asked", encoding)
	}
	for range 20 { // writers are used again
		packed, encoding, size := body("Accept-Encoding: gzip, br")
		if encoding != "gzip" || size >= 14_000 {
			t.Errorf("encoded %q, %d bytes", encoding, size)
		}
		if packed != plain {
			t.Fatal("another page")
		}
	}
}

func TestAnOwnPageIsCompressedWhateverItHolds(t *testing.T) {
	f := func(own string) {
		t.Helper()
		template, err := page.New([]byte(own))
		if err != nil {
			t.Fatal(err)
		}
		ctx, q := request(t, "Accept-Encoding: gzip")
		facts := facts()
		Write(ctx, q, template, facts, 200)
		got, err := ctx.Response.BodyGunzip()
		if want := template.Append(nil, facts); err != nil || string(got) != string(want) {
			t.Errorf("%.30q…: %d bytes instead of %d, %v", own, len(got), len(want), err)
		}
	}
	f("")
	f("<p>{{position}}</p>")
	f("{{style}}")
	f("{{script}}{{style}}{{script}}")
	f(strings.Repeat("<p>a page of somebody's own</p>", 10_000) + "{{script}}" + strings.Repeat("{{other}}", 20))
}

func TestEveryPageFitsIntoTheFirstFlight(t *testing.T) {
	template, err := page.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"early", "waiting", "called", "admitted", "paused", "recovering", "full", "closed", "sold_out", "other_device", "away", "down", "bad"} {
		for _, language := range []string{"ko", "en"} {
			ctx, q := request(t, "Accept-Encoding: gzip", "Accept-Language: "+language)
			f := facts()
			f.State, f.OpensAt, f.EnterAt = state, f.ServerTime+1, f.ServerTime+1
			f.Key, f.ProofNonce = "require", "AGEVA-BUBTNWgTbP-PqUAyLw5n8wzLqaXkPm"
			if state == "called" {
				f.Thumbprint, f.Ath = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "fuTSrGkiw2bVVAxJ0EMQ2oqrTpf7nQ4tSgqyVZ3L1oE"
			}
			f.DrawHash, f.DrawSecret = strings.Repeat("0123456789abcdef", 4), strings.Repeat("fedcba9876543210", 4)
			if Write(ctx, q, template, f, 200); len(ctx.Response.Body()) >= 14_000 {
				t.Errorf("%s in %s: %d bytes", state, language, len(ctx.Response.Body()))
			}
		}
	}
}

// read is a standing as encoding/json reads it.
type read struct {
	Room       string  `json:"room"`
	State      string  `json:"state"`
	Position   *int64  `json:"position"`
	Waiting    int64   `json:"waiting"`
	ETA        *eta    `json:"eta_seconds"`
	NextPoll   int64   `json:"next_poll_ms"`
	EnterAt    *string `json:"enter_at"`
	OpensAt    *string `json:"opens_at"`
	ServerTime *string `json:"server_time"`
	Message    *string `json:"message"`
	Number     *int64  `json:"ticket_number"`
	Away       bool    `json:"store_away,omitempty"`
	Hash       string  `json:"draw_hash,omitempty"`
	Secret     *string `json:"draw_secret,omitempty"`
	Ticket     string  `json:"ticket,omitempty"`
	Pass       string  `json:"pass,omitempty"`
}

type eta struct {
	Low  int64 `json:"low"`
	High int64 `json:"high"`
}

func FuzzAStandingIsWhatEncodingJSONReads(f *testing.F) {
	f.Add("", int64(0), int64(0), int64(-1), int64(0), false, "")
	f.Add("</script>\"\\\x00\u2028 안내", int64(5), int64(1_628_766_000_123_456), int64(3), int64(9), true, "a.b-c_d")
	f.Add("\xff\xfe", int64(1), int64(1), int64(0), int64(1<<53), false, "")
	f.Fuzz(func(t *testing.T, message string, n, at, low, high int64, away bool, ticket string) {
		if at < 0 || at > 253_402_300_799_000_000 || strings.ContainsFunc(ticket, func(r rune) bool { return r > '~' || r < '-' || r == '\\' || r == '<' || r == '>' }) {
			t.Skip("no time that a store gives, or no token")
		}
		s := standing{
			Standing: queue.Standing{State: queue.StateWaiting, Position: n, Waiting: high, Wait: queue.Wait{Low: low, High: high}, NextPoll: time.Duration(n)},
			room:     "booking", now: at, enterAt: at, opensAt: 0, number: n, message: message, away: away, ticket: []byte(ticket),
		}
		if away {
			s.hash = "abc"
		}
		var got read
		d := json.NewDecoder(bytes.NewReader(append(s.appendMembers([]byte{'{'}), '}')))
		d.DisallowUnknownFields()
		if err := d.Decode(&got); err != nil {
			t.Fatal(err)
		}
		want := read{Room: "booking", State: "waiting", Waiting: high, NextPoll: time.Duration(n).Milliseconds(), Away: away, Ticket: ticket, Hash: s.hash}
		if n != 0 {
			want.Position, want.Number = &n, &n
		}
		if low >= 0 {
			want.ETA = &eta{low, high}
		}
		if message != "" {
			m := strings.ToValidUTF8(message, "\uFFFD")
			if !utf8.ValidString(message) {
				m = strings.Join(runes(message), "")
			}
			want.Message = &m
		}
		if at != 0 {
			text := time.UnixMicro(at).UTC().Format("2006-01-02T15:04:05.000000Z")
			want.ServerTime, want.EnterAt = &text, &text
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// runes is the text with each byte that is no UTF-8 replaced on its own.
func runes(s string) (all []string) {
	for _, r := range s {
		all = append(all, string(r))
	}
	return all
}
