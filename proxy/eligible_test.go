package proxy_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"waitroom/queue"
	"waitroom/queue/schedule"
	"waitroom/token"
)

// august is the schedule of a room with rotation and a group, in Seoul. The tests begin at 20:00 on the 12th: the turn of those who
// were born on a day that ends in 2.
func august(t *testing.T) *schedule.Schedule {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	day := func(d int) time.Time { return time.Date(2021, 8, d, 0, 0, 0, 0, time.UTC) }
	s, err := schedule.New(zone, schedule.Span{}, []schedule.Window{
		{Kind: schedule.Rotation, First: day(9), Last: day(18), Opens: 20 * time.Hour, Closes: 18 * time.Hour},
		{Kind: schedule.Group, Group: 0, From: day(12).Add(20 * time.Hour), Until: day(12).Add(22 * time.Hour)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// scheduled is a gateway whose room goes by the schedule, for the opening of the 12th.
func scheduled(t *testing.T, ends bool) *rig {
	t.Helper()
	s := august(t)
	from, until := s.Opening(evening)
	return beginIdentified(t, settings{rules: func(r *queue.Rules) { r.OpensAt, r.ClosesAt = from, until }}, func(i *waitingIdentity) {
		i.Schedule, i.Ends = s, ends
		i.Groups = func(claims map[string]string) uint16 {
			if claims["priority_group"] == "y" {
				return 1
			}
			return 0
		}
		i.Invited = map[string]uint16{"invited": 1}
	})
}

func TestWhoseDayItIsNotLearnsWhyAndWhen(t *testing.T) {
	r := scheduled(t, false)
	p := r.browser()
	a := p.verify(r.desks[0], "person=13", "/book")
	a.wantKind(t, 403, "later")
	if !strings.Contains(a.body, "2021-08-13T11:00:00") || !strings.Contains(a.body, "window.ics") || p.ticket() != "" {
		t.Errorf("the page does not tell when: %.3000s", a.body)
	}
	if a := p.get("/.waitroom/" + room + "/window.ics"); a.StatusCode != 200 || !strings.Contains(a.body, "DTSTART:20210813T110000Z") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := r.browser().get("/.waitroom/" + room + "/window.ics"); a.StatusCode != 404 {
		t.Errorf("a calendar of nobody: %d", a.StatusCode)
	}
	// The page is no ticket, and does not hold the person.
	r.browser().verify(r.desks[0], "person=13", "/book").wantKind(t, 403, "later")
	app := r.app()
	begun := app.ask("/.waitroom/"+room+"/login/one", map[string]string{"redirect": "kr.example.app:/login"}).begun(t)
	back, _ := url.Parse(r.desks[0].logIn(t, begun.URL, "person=13"))
	q := back.Query()
	app.ask("/.waitroom/"+room+"/login/one/callback", map[string]string{"flow": begun.Flow, "code": q.Get("code"), "state": q.Get("state"), "iss": q.Get("iss")},
		"Waitroom-Device", begun.Device).want(t, 403, "not_eligible")
	r.browser().verified(r.desks[0], "person=12").get("/book").wantInside(t, "/book")
	r.browser().verified(r.desks[0], "person=7") // is in the group
}

func TestAWaitEndsWithItsWindowOrGoesOn(t *testing.T) {
	for _, ends := range []bool{false, true} {
		r := scheduled(t, ends)
		r.browser().verified(r.desks[0], "person=2").get("/book").wantInside(t, "/book")
		p := r.browser().verified(r.desks[0], "person=7") // until 22:00
		s := p.call("status").want(t, 200, "waiting")
		if got := micros(s.WindowEnds); ends && got != evening+2*hour || !ends && got != 0 {
			t.Errorf("ends %v: at %d", ends, got)
		}
		r.set(queue.Change{Paused: yes()})
		for range 5 {
			r.pass(24 * minute)
			p.call("status")
			r.tick()
		}
		r.set(queue.Change{Paused: no()})
		r.turn()
		if !ends {
			p.get("/book").want303(t, "/book")
			p.get("/book").wantInside(t, "/book")
			continue
		}
		p.call("status").want(t, 403, "not_eligible")
		p.call("enter").want(t, 403, "not_eligible")
		p.get("/book").wantKind(t, 403, "later")
		if r.backend.seen() != 1 {
			t.Error("somebody entered whose window is over")
		}
	}
}

func TestAnInvitationIsGoodForOnePerson(t *testing.T) {
	r := scheduled(t, false)
	i := token.NewInvitation("invited", evening+hour)
	code := string(r.keys.Keys().AppendInvitation(nil, room, &i))
	invited := func(who, code string) (*person, answer) {
		t.Helper()
		p := r.browser()
		a := p.post("/.waitroom/"+room+"/login/one", url.Values{"return": {"/book"}, "invite": {code}})
		if a.StatusCode != 303 {
			return p, a
		}
		return p, p.returns(r.desks[0].logIn(t, a.Header.Get("Location"), who))
	}
	_, a := invited("person=13", code)
	a.want303(t, "/book")
	_, a = invited("person=14", code)
	a.wantKind(t, 200, "failed")
	_, a = invited("person=14", code[:len(code)-1]+"x")
	a.wantKind(t, 200, "failed")
	other := token.NewInvitation("others", evening+hour)
	_, a = invited("person=14", string(r.keys.Keys().AppendInvitation(nil, room, &other)))
	a.wantKind(t, 200, "failed")
	_, a = invited("person=14", "")
	a.wantKind(t, 403, "later")
}

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func TestAUsedTicketIsNoWayInOutsideOfItsWindow(t *testing.T) {
	span := func(group int, from, until int64) schedule.Window {
		return schedule.Window{Kind: schedule.Group, Group: group, From: time.UnixMicro(from).UTC(), Until: time.UnixMicro(until).UTC()}
	}
	s, err := schedule.New(time.UTC, schedule.Span{}, []schedule.Window{span(0, evening, evening+10*minute), span(1, evening+10*minute, evening+hour)})
	if err != nil {
		t.Fatal(err)
	}
	for _, ends := range []bool{false, true} {
		r := beginIdentified(t, settings{rules: func(r *queue.Rules) {
			r.OpensAt, r.ClosesAt = s.Opening(evening)
			r.PassTTL = 2 * minute
		}}, func(i *waitingIdentity) {
			i.Schedule, i.Ends, i.Groups = s, ends, func(map[string]string) uint16 { return 1 }
		})
		p := r.browser().verified(r.desks[0], "person=1")
		p.get("/book").wantInside(t, "/book")
		r.pass(11 * minute) // the pass is over, the ticket is not, nobody waits, and it is the turn of others
		r.tick()
		p.get("/book").wantKind(t, 403, "later")
		p.call("join").want(t, 403, "not_eligible")
		p.call("enter")
		if n := r.line.View().Waiting; r.backend.seen() != 1 || n != 0 {
			t.Errorf("ends %v: %d requests got in, %d wait", ends, r.backend.seen(), n)
		}
	}
}
