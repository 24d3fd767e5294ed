package waiting

import (
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/waiting/page"
)

func facts() *page.Facts {
	return &page.Facts{
		Room: "booking", State: "waiting", Position: 123_456, Waiting: 999_999, TicketNumber: 1_234_567, Low: 240, High: 400,
		NextPollMS: 15_000, ServerTime: 1_628_766_000_000_000, Message: "오늘은 20:00에 시작합니다.", Return: "/book?day=1", Language: "ko",
	}
}

// BenchmarkWrite is the CPU time of a page, with everything that Write does.
func BenchmarkWrite(b *testing.B) {
	template, err := page.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, accept := range []string{"identity", "gzip"} {
		b.Run(accept, func(b *testing.B) {
			ctx, q := request(b, "Accept-Encoding: "+accept)
			b.ReportAllocs()
			defer func() { b.ReportMetric(float64(len(ctx.Response.Body())), "bytes") }()
			for b.Loop() {
				ctx.Response.Reset()
				Write(ctx, q, template, facts(), 200)
			}
		})
	}
}

// request is a canonical request with these fields.
func request(t testing.TB, fields ...string) (*fasthttp.RequestCtx, *strict.Request) {
	t.Helper()
	ctx := &fasthttp.RequestCtx{}
	raw := "GET /book HTTP/1.1\r\nHost: booking.example.kr\r\n" + strings.Join(fields, "\r\n")
	if len(fields) > 0 {
		raw += "\r\n"
	}
	if err := ctx.Request.Header.Read(reader(raw + "\r\n")); err != nil {
		t.Fatal(err)
	}
	q := &strict.Request{}
	if no := (&strict.Filter{}).Check(ctx, q); no.Refused() {
		t.Fatalf("refused: %+v", no)
	}
	return ctx, q
}
