package operator

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"waitroom/queue"
)

func TestARoomIsShownAsItIs(t *testing.T) {
	g := open(t, func(o *Options) {
		room := o.Rooms()[0]
		room.Backends = func() []BackendHealth {
			return []BackendHealth{{Address: "10.0.0.1:9000", Healthy: true}, {Address: "10.0.0.2:9000", Detail: "connection refused"}}
		}
		o.Rooms = func() []Room { return []Room{room} }
	})
	ctx := context.Background()
	for i := range 3 { // a new room has one slot: the first enters at once, the others wait
		if _, err := g.line.Arrive(ctx, queue.Arrival{ID: queue.ID{byte(i)}, Direct: true}); err != nil {
			t.Fatal(err)
		}
	}
	g.want(200, "PATCH", "/api/rooms/booking", `{"paused":true}`) // and the view is fresh then
	r := g.room()
	got := []any{r.Name, r.State, r.Rate, r.RatePerHour, r.FileRate, r.LiveRate == nil, r.Burst, r.HoldSeconds, r.PassSeconds, r.MaxActive,
		r.Waiting, r.Active, r.Arrivals, r.Entries, r.Store, len(r.Backends), r.Backends[1].Detail, r.Epoch != "", r.ViewAgeMS != nil, r.OpensAt == nil}
	echo := "3,600/h = 60/min = 1/s"
	want := []any{"booking", "paused", echo, 3600.0, echo, true, 2, 1800.0, 600.0, int64(50),
		int64(2), int64(1), int64(3), int64(1), "ok", 2, "connection refused", true, true, true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	all := read[RoomStates](t, g.want(200, "GET", "/api/rooms", ""))
	if all.Version != "test" || all.Warning != NoToken || len(all.Rooms) != 1 || all.Rooms[0].Name != "booking" {
		t.Errorf("%+v", all)
	}
}

func TestAChangeIsSeenByWhoeverAsksNext(t *testing.T) {
	g := open(t, nil)
	before := time.Now().Add(-time.Minute)
	answer, text := g.do(request{method: "PATCH", path: "/api/rooms/booking",
		body: `{"rate":"2,000,000/h","paused":true,"message":"곧 시작합니다 <b>","sold_out":true}`,
		edit: func(r *http.Request) { r.Header.Set(NameHeader, "김") }})
	if answer.StatusCode != 200 {
		t.Fatal(answer.Status, text)
	}
	for name, r := range map[string]RoomState{"the answer": read[RoomState](t, text), "the next": g.room()} {
		if r.Rate != "2,000,000/h = 33,333.3/min = 555.6/s" || r.RatePerHour != 2e6 || r.LiveRate == nil || *r.LiveRate != r.Rate || r.FileRate != "3,600/h = 60/min = 1/s" {
			t.Errorf("%s: rate %q %v, live %v, file %q", name, r.Rate, r.RatePerHour, r.LiveRate, r.FileRate)
		}
		if !r.Paused || r.Message != "곧 시작합니다 <b>" || !r.SoldOut || r.State != "sold_out" {
			t.Errorf("%s: %+v", name, r)
		}
		for field, by := range map[string]string{"rate": r.RateSetBy, "paused": r.PausedSetBy, "message": r.MessageSetBy, "sold_out": r.SoldOutSetBy} {
			if by != "김@127.0.0.1" {
				t.Errorf("%s: %s was set by %q", name, field, by)
			}
		}
		if at, err := time.Parse(time.RFC3339, *r.RateSetAt); err != nil || at.Before(before) {
			t.Errorf("%s: set at %s", name, *r.RateSetAt)
		}
	}
	g.want(200, "PATCH", "/api/rooms/booking", `{"rate":null,"paused":false,"message":"","sold_out":false}`)
	if r := g.room(); r.LiveRate != nil || r.RatePerHour != 3600 || r.RateSetAt != nil || r.Paused || r.Message != "" || r.State != "open" {
		t.Errorf("taken back: %+v", r)
	}
	g.want(200, "PATCH", "/api/rooms/booking", `{"rate":"0"}`)
	if r := g.room(); r.RatePerHour != 0 || r.LiveRate == nil || r.State != "paused" {
		t.Errorf("at rate 0: %+v", r)
	}
}

func TestAQuotaIsShownWithWhatIsUsedOfIt(t *testing.T) {
	g := open(t, nil)
	limited := rules()
	limited.Quota = 2
	g.line.SetRules(limited)
	seat, err := g.line.Arrive(t.Context(), queue.Arrival{ID: queue.ID{1}, Direct: true})
	if err != nil || seat.State != queue.StateAdmitted {
		t.Fatalf("got %+v, %v", seat, err)
	}
	// A place before that of the first is a late one's.
	if seat, err = g.line.Enter(t.Context(), queue.ID{2}, seat.Place-1); err != nil || seat.State != queue.StateAdmitted {
		t.Fatalf("got %+v, %v", seat, err)
	}
	if err := g.line.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := g.room(); r.Quota != 2 || r.Sold != 2 || r.State != "sold_out" || r.SoldOut {
		t.Errorf("%d of %d sold, %s, set by an operator: %t", r.Sold, r.Quota, r.State, r.SoldOut)
	}
}

func TestAWrongChangeChangesNothing(t *testing.T) {
	g := open(t, nil)
	f := func(body, field, words string) {
		t.Helper()
		p := read[Problem](t, g.want(400, "PATCH", "/api/rooms/booking", body))
		if p.Field != field || !strings.Contains(p.Detail, words) || p.Type != "urn:waitroom:problem:bad-change" || len(p.Known) != 4 {
			t.Errorf("%s: %+v does not name %q and say %q", body, p, field, words)
		}
	}
	f(`{"paused":true,"rate":"fast"}`, "rate", `not a rate`)          // all or nothing
	f(`{"rate":"2000000"}`, "rate", "no unit")                        // the unit would be a guess
	f(`{"rate":2000000}`, "rate", "2000000/h")                        // the hint names the number
	f(`{"rate":true}`, "rate", "must be a string")                    //
	f(`{"rate":"99,999,999,999/h"}`, "rate", "above")                 // bounds are the parser's
	f(`{"rate":""}`, "rate", "not a rate")                            //
	f(`{"paused":1}`, "paused", "true or false")                      // truth is not a number
	f(`{"paused":null}`, "paused", "true or false")                   // null means the file's for the rate alone
	f(`{"sold_out":"yes"}`, "sold_out", "true or false")              //
	f(`{"message":null}`, "message", `"" removes it`)                 //
	f(`{"message":["a"]}`, "message", "string")                       //
	f(`{"message":"a\nb"}`, "message", "U+000A")                      // one line
	f(`{"message":"a\u0000"}`, "message", "U+0000")                   //
	f(`{"message":"a\u202eb"}`, "message", "U+202E")                  // turns the text around
	f(`{"message":"`+strings.Repeat("가", 501)+`"}`, "message", "501") // counted in characters
	f(`{"paused":true,"burst":5}`, "burst", `no field "burst"`)       // of the file, not live
	f(`{"Paused":true}`, "Paused", "no field")                        // names are exact
	f(`{"paused":true,"paused":false}`, "paused", "twice")            // which one would count?
	f(`{"paused":true} {}`, "", "behind")                             //
	f(`{"paused":true`, "", "not JSON")                               //
	f(`{"paused":}`, "paused", "not JSON")                            //
	f(`[{"paused":true}]`, "", "object")                              //
	f(`null`, "", "object")                                           //
	f(``, "", "object")                                               //
	f("{\"message\":\"\xff\"}", "", "UTF-8")                          //
	g.want(200, "PATCH", "/api/rooms/booking", `{}`)                  // nothing to do is no mistake
	g.want(200, "PATCH", "/api/rooms/booking", ` {"message":"`+strings.Repeat("가", 500)+`"} `)
	r := g.room()
	if r.Paused || r.SoldOut || r.LiveRate != nil {
		t.Errorf("something changed: %+v", r)
	}
	records, err := g.line.Journal(context.Background(), "", 100)
	if n := len(controls(records)); err != nil || n != 1 {
		t.Errorf("%d changes in the journal, not 1: %v, %v", n, records, err)
	}
}

func controls(records []queue.Record) (found []queue.Record) {
	for _, r := range records {
		if r.Kind == queue.KindControl {
			found = append(found, r)
		}
	}
	return found
}

func TestAChangeMustBeJSONOfBoundedSize(t *testing.T) {
	g := open(t, nil)
	f := func(status int, media, body string) {
		t.Helper()
		answer, text := g.do(request{method: "PATCH", path: "/api/rooms/booking", body: body, edit: func(r *http.Request) { r.Header.Set("Content-Type", media) }})
		if answer.StatusCode != status {
			t.Errorf("%q: %d, not %d: %s", media, answer.StatusCode, status, text)
		}
	}
	f(415, "text/plain", `{"paused":true}`)
	f(415, "multipart/form-data; boundary=a", `{"paused":true}`)
	f(400, "application/x-www-form-urlencoded", `paused=true`)
	f(200, "application/x-www-form-urlencoded", `{}`) // curl -d
	f(200, "", `{}`)
	f(413, "application/json", `{"message":"`+strings.Repeat("a", 64<<10)+`"}`)
	f(200, "application/json; charset=utf-8", `{}`)
	f(200, "application/merge-patch+json", `{}`)
	if g.room().Paused {
		t.Error("a refused change was done")
	}
}

func TestManyChangesAtOnceAreAllDoneAndAllWritten(t *testing.T) {
	g := open(t, nil)
	const each, writers = 10, 8
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				// Rate and message of one change belong together, whatever comes between.
				n := w*each + i + 1
				g.want(200, "PATCH", "/api/rooms/booking", fmt.Sprintf(`{"rate":"%d/h","message":"%d"}`, n, n))
			}
		})
	}
	wg.Wait()
	records, err := g.line.Journal(context.Background(), "", 1000)
	if n := len(controls(records)); err != nil || n != each*writers {
		t.Errorf("%d changes in the journal, not %d: %v", n, each*writers, err)
	}
	if r := g.room(); fmt.Sprint(r.RatePerHour) != r.Message {
		t.Errorf("rate %v and message %s are of two changes", r.RatePerHour, r.Message)
	}
}

func TestAnOperatorsNameIsBounded(t *testing.T) {
	g := open(t, nil)
	f := func(name string, status int) {
		t.Helper()
		answer, text := g.do(request{method: "PATCH", path: "/api/rooms/booking", body: `{"paused":true}`, edit: func(r *http.Request) { r.Header.Set(NameHeader, name) }})
		if answer.StatusCode != status {
			t.Errorf("%q: %d, not %d: %s", name, answer.StatusCode, status, text)
		}
	}
	f(strings.Repeat("가", 64), 200)
	f(strings.Repeat("a", 65), 400)
	f("a\tb", 400)   // would break the columns of a log
	f("a\xffb", 400) // not text
	f("", 200)
	if by := g.room().PausedSetBy; by != "operator@127.0.0.1" {
		t.Errorf("set by %q", by)
	}
}

func TestAPassIsEndedByItsID(t *testing.T) {
	g := open(t, nil)
	ctx := context.Background()
	seat, err := g.line.Arrive(ctx, queue.Arrival{ID: queue.ID{7}, Direct: true})
	if err != nil || seat.State != queue.StateAdmitted {
		t.Fatal(seat, err)
	}
	// The operator finds the id in the journal.
	var id string
	for _, r := range read[[]Record](t, g.want(200, "GET", "/api/rooms/booking/journal", "")) {
		if r.Kind == "enter" {
			id = r.Tickets[0].Pass
		}
	}
	pass := queue.PassOf(queue.ID{7}, seat.Entry)
	if id != base64.RawURLEncoding.EncodeToString(pass[:]) {
		t.Fatalf("the journal shows %q", id)
	}
	g.want(204, "DELETE", "/api/rooms/booking/passes/"+id, "")
	if !g.line.Revoked(pass) {
		t.Error("the pass still opens")
	}
	g.want(204, "DELETE", "/api/rooms/booking/passes/"+id, "") // again is harmless
	for _, bad := range []string{"x", id + "A", id[:21], id[:21] + "=", strings.Repeat("_", 22) + "%00", id[:21] + "B"} {
		p := read[Problem](t, g.want(400, "DELETE", "/api/rooms/booking/passes/"+bad, ""))
		if !strings.Contains(p.Detail, "22 characters") {
			t.Errorf("%s: %+v", bad, p)
		}
	}
}

func TestTheJournalIsReadOnFromItsCursors(t *testing.T) {
	g := open(t, nil)
	for _, body := range []string{`{"paused":true}`, `{"paused":false}`, `{"message":"a"}`} {
		g.want(200, "PATCH", "/api/rooms/booking", body)
	}
	get := func(query string) []Record {
		t.Helper()
		return read[[]Record](t, g.want(200, "GET", "/api/rooms/booking/journal"+query, ""))
	}
	all := get("")
	var details []string
	for after := ""; ; {
		page := get("?limit=1&after=" + after)
		if len(page) == 0 {
			break
		}
		details = append(details, page[0].Kind+" "+page[0].Detail)
		after = page[0].Cursor
	}
	if len(details) != len(all) || len(details) != 4 || details[1] != "control paused=true" || details[3] != `control message="a"` {
		t.Errorf("record by record: %q", details)
	}
	if last := get("?after=-&limit=1"); len(last) != 1 || last[0].Detail != `message="a"` || last[0].By != "operator@127.0.0.1" || last[0].At == nil {
		t.Errorf("the newest: %+v", last)
	}
	answer, text := g.do(request{method: "GET", path: "/api/rooms/booking/journal", edit: func(r *http.Request) { r.Header.Set("Accept", "application/x-ndjson") }})
	if n := strings.Count(text, "\n"); n != 4 || answer.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%d lines: %s", n, text)
	}
	for _, bad := range []string{"?limit=0", "?limit=10001", "?limit=x", "?limit=-1", "?after=" + strings.Repeat("1", 129), "?after=%0a", "?after=nonsense", "?after=99.99"} {
		g.want(400, "GET", "/api/rooms/booking/journal"+bad, "")
	}
}

func TestUnknownPathsAndMethodsAreRefusedInWords(t *testing.T) {
	g := open(t, nil)
	f := func(status int, method, path, words string) {
		t.Helper()
		answer, text := g.do(request{method: method, path: path})
		p := read[Problem](t, text)
		if answer.StatusCode != status || p.Status != status || !strings.Contains(p.Detail, words) || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s", method, path, answer.StatusCode, text)
		}
		allow := answer.Header.Get("Allow")
		if status == 405 && (allow == "" || strings.Contains(allow, "GET") != strings.Contains(allow, "HEAD")) {
			t.Errorf("%s %s: Allow: %q", method, path, allow)
		}
	}
	f(404, "GET", "/api/rooms/bookings", "there is booking")
	f(404, "PATCH", "/api/rooms/%2e%2e", "no room")
	f(404, "GET", "/api", "/api/rooms")
	f(404, "GET", "/debug/pprof/", "/metrics")
	f(405, "POST", "/api/rooms", "use GET")
	f(405, "PUT", "/api/rooms/booking", "use GET or PATCH")
	f(405, "GET", "/api/rooms/booking/passes/x", "use DELETE")
	f(405, "POST", "/healthz", "use GET")
	f(405, "DELETE", "/", "use GET")
}

func TestAStoreThatFailsIsToldApart(t *testing.T) {
	f := func(err error, status int, kind string, logged int) {
		t.Helper()
		core, logs := observer.New(zap.ErrorLevel)
		g := open(t, func(o *Options) {
			room := o.Rooms()[0]
			room.Line = broken{room.Line, err}
			o.Rooms, o.Log = func() []Room { return []Room{room} }, zap.New(core)
		})
		for _, q := range [][2]string{{"PATCH", ""}, {"DELETE", "/passes/AAECAwQFBgcICQoLDA0ODw"}, {"GET", "/journal"}} {
			p := read[Problem](t, g.want(status, q[0], "/api/rooms/booking"+q[1], `{"paused":true}`))
			if p.Type != "urn:waitroom:problem:"+kind || strings.Contains(p.Detail, "fire") {
				t.Errorf("%v: %s %s answers %+v", err, q[0], q[1], p)
			}
		}
		if logs.Len() != logged {
			t.Errorf("%v: %d lines logged, not %d", err, logs.Len(), logged)
		}
	}
	f(fmt.Errorf("set: %w", queue.ErrAway), 503, "store-away", 0)
	f(context.DeadlineExceeded, 503, "store-away", 0)
	f(queue.ErrBusy, 503, "busy", 0)
	f(errUnforeseen, 500, "failed", 3) // in the log, not in the answer
}

func TestAnAwayStoreIsShownSinceWhen(t *testing.T) {
	a := &api{Options: Options{FormatRate: format}}
	// A view that was never read is as old as can be.
	r := a.room(Room{Name: "booking", Line: still{&queue.View{At: 1628766000e6, Epoch: "e"}}})
	if r.State != "away" || r.Store != "away since 2021-08-12T11:00:00.000000Z" {
		t.Errorf("%q, %q", r.State, r.Store)
	}
	r = a.room(Room{Name: "booking", Line: still{&queue.View{}}})
	if r.State != "away" || r.ViewAgeMS != nil || !strings.Contains(r.Store, "since the start") {
		t.Errorf("%q, %q, %v", r.State, r.Store, r.ViewAgeMS)
	}
}

// still is a line of which only a view is known.
type still struct{ view *queue.View }

func (s still) View() *queue.View                                            { return s.view }
func (s still) Rules() queue.Rules                                           { return s.view.Rules }
func (s still) Set(context.Context, queue.Change) error                      { return nil }
func (s still) End(context.Context, queue.PassID, queue.Why, string) error   { return nil }
func (s still) Journal(context.Context, string, int) ([]queue.Record, error) { return nil, nil }

func TestAChangeThatIsNotSeenInTimeIsAccepted(t *testing.T) {
	a := &api{Options: Options{FormatRate: format, ParseRate: parse, Log: zap.NewNop()}, seen: time.Millisecond}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("PATCH", "/api/rooms/booking", strings.NewReader(`{"paused":true}`))
	r.Header.Set("Content-Type", "application/json")
	a.change(w, r, Room{Name: "booking", Line: still{&queue.View{}}})
	if w.Code != http.StatusAccepted {
		t.Errorf("%d, not 202", w.Code)
	}
}

func TestHealthAndReadinessAskForNoToken(t *testing.T) {
	var mu sync.Mutex
	var why error
	g := open(t, func(o *Options) {
		o.Token = "a-long-operator-token"
		o.Ready = func() error { mu.Lock(); defer mu.Unlock(); return why }
	})
	g.token = ""
	f := func(status int, path, words string) {
		t.Helper()
		if text := g.want(status, "GET", path, ""); !strings.Contains(text, words) {
			t.Errorf("%s: %q does not say %q", path, text, words)
		}
		g.want(status, "HEAD", path, "")
	}
	f(200, "/healthz", "ok")
	f(200, "/readyz", "ready")
	mu.Lock()
	why = errors.New("the store is away")
	mu.Unlock()
	f(503, "/readyz", "the store is away")
	f(200, "/healthz", "ok")
}

func TestMetricsTellOfEachRoom(t *testing.T) {
	g := open(t, func(o *Options) { o.Token = "a-long-operator-token" })
	if _, err := g.line.Arrive(context.Background(), queue.Arrival{ID: queue.ID{1}, Direct: true}); err != nil {
		t.Fatal(err)
	}
	g.want(200, "PATCH", "/api/rooms/booking", `{"paused":true,"rate":"7200/h"}`)
	text := g.want(200, "GET", "/metrics", "")
	for _, line := range []string{
		`waitroom_waiting{room="booking"} 0`, `waitroom_active{room="booking"} 1`, `waitroom_arrivals_total{room="booking"} 1`,
		`waitroom_entries_total{room="booking"} 1`, `waitroom_rate_per_hour{room="booking"} 7200`, `waitroom_paused{room="booking"} 1`,
		`waitroom_store_up{room="booking"} 1`, `# HELP waitroom_show_up_ratio `, `# TYPE waitroom_calls_total counter`, `waitroom_view_age_seconds{room="booking"} `,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	g.token = ""
	g.want(401, "GET", "/metrics", "")
}
