package strict

import "testing"

const browserLines = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: ko-KR,ko;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n" +
	"Connection: keep-alive\r\nCookie: session=0123456789abcdef; __Host-wr_p=eyJhbGciOiJFZERTQSJ9.eyJhdWQiOiJib29raW5nIn0.c2lnbmF0dXJl\r\n" +
	"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nReferer: https://a.test/\r\n"

func BenchmarkCheck(b *testing.B) {
	f := func(name, text string) {
		b.Run(name, func(b *testing.B) {
			ctx := parse(b, text)
			filter := &Filter{Cookies: CookieNames{"__Host-wr_*"}}
			var r Request
			b.ReportAllocs()
			for b.Loop() {
				if filter.Check(ctx, &r).Refused() {
					b.Fatal("refused")
				}
			}
		})
	}
	f("browser", get("/booking/slots?day=12", browserLines))
	f("encoded", get("/%EC%98%88%EC%95%BD/%61", browserLines))
	f("bare", get("/", ""))
}

func TestCheckingAllocatesNothing(t *testing.T) {
	ctx := parse(t, get("/%EC%98%88%EC%95%BD?x=%20", browserLines))
	filter := &Filter{Cookies: CookieNames{"__Host-wr_*"}}
	var r Request
	if n := testing.AllocsPerRun(100, func() { filter.Check(ctx, &r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
