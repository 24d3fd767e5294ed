package attempts

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// chaos are the attempts of family F that break what the gateway stands on: each has a
// gateway, a store and a backend of its own.
func chaos() []Attempt {
	return []Attempt{
		{
			ID: "F4", Title: "Answers are lost after the work was done, on the visitor's side and on the store's: who asks again, enters again.",
			Steps:  "enter behind a proxy that breaks the connection before the answer, and enter again; the same between gateway and Redis",
			Expect: "one entry, one pass, in whatever order answers are lost",
			Refs:   []string{"CWE-675"},
			Driver: Chaos, Needs: NeedOwn, Run: lostAnswers,
		},
		{
			ID: "F5", Title: "The store's clock is set an hour ahead and back while people enter.",
			Steps:  "date -s '+1 hour' on the machine of Redis while people enter, and back; count the entries",
			Expect: "a step gives a burst and what was promised ahead at most, and takes no turn away: places are in order of coming, not of the clock",
			Refs:   []string{"CWE-367"},
			Driver: Chaos, Needs: NeedOwn, Run: steppedClock,
		},
		{
			ID: "F6", Title: "The store loses what it held: who has entered enters again, and the line begins anew.",
			Steps:  "let people wait, FLUSHALL in Redis, and have everybody, those inside too, ask again; the same with kill -9 of the master, and a replica promoted whose link was cut before",
			Expect: "everybody at their own place; a turn that was used stays used",
			Refs:   []string{"ASVS 16.5.3"},
			Driver: Chaos, Needs: NeedOwn, Run: forgetful,
		},
		{
			ID: "F7", Title: "The store is down, stands still, or breaks connections: does the gate open?",
			Steps:  "stop Redis (kill -9, kill -STOP, a proxy that resets), and ask for {page} with and without a pass, with and without a turn",
			Expect: "nothing unproven reaches the backend, nobody enters; those inside go on; places are kept",
			Refs:   []string{"CWE-636", "ASVS 16.5.2", "ASVS 16.5.3"},
			Driver: Chaos, Needs: NeedOwn, Run: storeAway,
		},
		{
			ID: "F8", Title: "The store's memory is full: does it forget the line?",
			Steps:  "CONFIG SET maxmemory 1mb in Redis while people wait, and go on joining",
			Expect: "noeviction: nobody who waits is forgotten, nobody enters who was not called, and after it all get in",
			Refs:   []string{"CWE-400"},
			Driver: Chaos, Needs: NeedOwn, Run: fullStore,
		},
	}
}

// rig is a gateway with a store behind a bad network.
type rig struct {
	*gateway.Gateway
	s       *Stage
	site    *canary.Canary
	redis   *redistest.Server
	network *redistest.Proxy
	// known are passes that the journal has lost with all else.
	known map[string]bool
}

func (s *Stage) rig(room map[string]string, args ...string) *rig {
	s.Helper()
	return s.rigWith(nil, room, args...)
}

// rigWith is rig with more in the store's environment.
func (s *Stage) rigWith(env []string, room map[string]string, args ...string) *rig {
	s.Helper()
	s.wants("redis-server")
	r := &rig{s: s, site: canary.Start(s), redis: redistest.StartWith(s, env, args...)}
	r.network = redistest.NewProxy(s, r.redis)
	all := map[string]string{"rate": "36000/h", "burst": "5"}
	maps.Copy(all, room)
	r.Gateway = s.starts(gateway.Options{
		Backend: r.site.URL, Redis: r.redis, Room: all, Top: map[string]string{"store": "{url: '" + r.network.URL() + "'}"},
	})
	return r
}

// join lets visitors come.
func (r *rig) join(n int) []*gateway.Visitor {
	r.s.Helper()
	all := make([]*gateway.Visitor, n)
	for i := range all {
		all[i] = gateway.NewVisitor(r.URL)
		var a gateway.Answer
		gateway.Eventually(turnLimit, func() bool { // a busy machine may lose a trip
			a = all[i].Call(r.s, "join")
			return a.Status != http.StatusServiceUnavailable
		})
		if a.Status != http.StatusOK {
			r.s.Fatalf("join: %d %s", a.Status, a.Body)
		}
	}
	return all
}

// enter has visitors ask until they are inside, all at once; those who do not get in are
// wronged.
func (r *rig) enter(variant string, all ...*gateway.Visitor) {
	r.s.Helper()
	var asking sync.WaitGroup
	for i, v := range all {
		asking.Go(func() {
			var a gateway.Answer
			if !gateway.Eventually(turnLimit, func() bool {
				a, _ = v.Try("enter")
				return a.Standing.State == "admitted"
			}) {
				r.s.Wronged(Finding{Variant: variant, Answer: said(a), Why: fmt.Sprintf("visitor %d did not get in when all was well again", i+1)})
			}
		})
	}
	asking.Wait()
}

// once fails the variant if a ticket is in the journal with more than one entry, or if
// visitors hold another pass than the journal's.
func (r *rig) once(variant string, all ...*gateway.Visitor) {
	r.s.Helper()
	entries, passes := map[string]int{}, map[string]bool{}
	maps.Copy(passes, r.known)
	for _, x := range gateway.Tickets(r.Journal(r.s), "enter") {
		entries[x.ID]++
		passes[x.Pass] = true
		if entries[x.ID] > 1 {
			r.s.Through(Finding{Variant: variant, Why: fmt.Sprintf("ticket %s entered %d times", x.ID, entries[x.ID])})
		}
	}
	for _, v := range all {
		if id := r.s.passID(v); id != "" && !passes[id] {
			r.s.Through(Finding{Variant: variant, Why: "a visitor holds pass " + id + ", which is not in the journal"})
		}
	}
	for _, v := range r.site.Visits() {
		if !passes[v.Pass] {
			r.s.Through(Finding{Variant: variant, Backend: v.String(), Why: "the backend saw a pass that is not in the journal"})
		}
	}
	r.s.Tried()
}

// in says whether a visitor's pass opens the backend.
func (r *rig) in(v *gateway.Visitor) bool {
	a, err := v.TryNavigate("/book")
	return err == nil && r.s.strange(a.Status, a.Header.Get("Content-Type"), a.Body) != ""
}

func lostAnswers(s *Stage) {
	const people = 8
	r := s.rig(nil)
	r.Set(s, map[string]any{"paused": true})
	network := gateway.NewRelay(s, r.Visitors)
	all := make([]*gateway.Visitor, people)
	lose := func(v *gateway.Visitor, call string) {
		network.LoseAnswer("/"+call, nil)
		if a, err := v.Try(call); err == nil {
			s.Fatalf("%s: the answer was not lost: %d", call, a.Status)
		}
	}
	for i := range all {
		all[i] = gateway.NewVisitor(network.URL)
		lose(all[i], "join")
		all[i].Call(s, "join")
	}
	r.Set(s, map[string]any{"paused": false})
	gateway.Until(s, "the calls", turnLimit, func() bool { return all[people-1].Call(s, "status").Standing.State == "called" })
	for _, v := range all {
		lose(v, "enter")
		lose(v, "enter")
	}
	r.enter("answers to visitors are lost", all...)
	r.once("answers to visitors are lost", all...)

	// Every third script is done, and its reply does not come.
	var n atomic.Int64
	r.network.Decide(nil, func(request []byte) redistest.Fate {
		if redistest.IsScript(request) && n.Add(1)%3 == 0 {
			return redistest.Cut
		}
		return redistest.Pass
	})
	more := make([]*gateway.Visitor, people)
	var coming sync.WaitGroup
	for i := range more {
		more[i] = gateway.NewVisitor(r.URL)
		coming.Go(func() {
			gateway.Eventually(turnLimit, func() bool { a, err := more[i].Try("join"); return err == nil && a.Status == http.StatusOK })
			gateway.Eventually(3*time.Second, func() bool { a, err := more[i].Try("enter"); return err == nil && a.Standing.State == "admitted" })
		})
	}
	coming.Wait()
	r.network.Decide(nil, nil)
	r.network.Reset()
	r.enter("replies of the store are lost", more...)
	r.once("replies of the store are lost", append(all, more...)...)
}

func lostStore(s *Stage) {
	const people = 30
	r := s.rig(nil)
	inside := r.join(1)[0]
	r.enter("before", inside)
	gateway.Until(s, "the pass to open the backend", turnLimit, func() bool { return r.in(inside) })
	used := s.passID(inside)
	r.known = map[string]bool{used: true}
	r.Set(s, map[string]any{"paused": true})
	all := r.join(people)
	epoch := r.Room(s).Epoch
	c := r.redis.Client()
	defer func() { _ = c.Close() }()
	if err := c.FlushAll(context.Background()).Err(); err != nil {
		s.Fatal(err)
	}
	gateway.Until(s, "the loss to be noticed", turnLimit, func() bool { now := r.Room(s); return now.Epoch != epoch && now.Store == "ok" })
	r.Set(s, map[string]any{"paused": true, "rate": "100/s"})
	newcomer := r.join(1)[0]
	for i := range all {
		all[(i*7)%people].Call(s, "status")
	}
	s.Tried()
	gateway.Until(s, "everybody to be back", turnLimit, func() bool { return r.Room(s).Waiting >= people+1 })
	for i, v := range all {
		if got := v.Call(s, "status").Standing.Position; got > int64(i+1) {
			s.Wronged(Finding{Variant: "FLUSHALL", Why: fmt.Sprintf("who was at position %d is at %d", i+1, got)})
		}
	}
	if !r.in(inside) {
		s.Wronged(Finding{Variant: "FLUSHALL", Why: "who was inside is outside"})
	}
	r.Set(s, map[string]any{"paused": false})
	r.enter("FLUSHALL", append(all, newcomer)...)
	r.called("FLUSHALL", append(all, newcomer)...)
	// A turn that was used before is shown again, without the pass.
	again := r.thief(inside)
	gateway.Eventually(2*believed, func() bool { a, err := again.Try("enter"); return err != nil || a.Standing.State == "admitted" })
	s.Tried()
	if id := s.passID(again); id != "" && id != used {
		s.Through(Finding{Variant: "FLUSHALL", Why: "a turn that was used before the loss gave a second pass, " + id + " after " + used})
	}
	r.once("after FLUSHALL", append(all, newcomer)...)
}

// away are the ways in which a store is away, and how it comes back.
func (r *rig) away() map[string][2]func() {
	return map[string][2]func(){
		"the store stands still": {
			func() { _ = r.redis.Process().Signal(syscall.SIGSTOP) }, func() { _ = r.redis.Process().Signal(syscall.SIGCONT) },
		},
		"the store's connections break": {
			func() {
				cut := func([]byte) redistest.Fate { return redistest.Cut }
				r.network.Decide(cut, nil)
				r.network.Reset()
			},
			func() { r.network.Decide(nil, nil) },
		},
		"the store's replies do not come": {
			func() {
				r.network.Decide(nil, func([]byte) redistest.Fate { return redistest.Swallow })
			},
			func() { r.network.Decide(nil, nil); r.network.Reset() },
		},
		"the store is killed, and comes back with its file": {func() { r.redis.Kill() }, func() { r.redis.Run(r.s) }},
	}
}

func storeAway(s *Stage) {
	r := s.rig(nil, "--appendonly", "yes", "--appendfsync", "always")
	inside := r.join(1)[0]
	r.enter("before", inside)
	gateway.Until(s, "the pass to open the backend", turnLimit, func() bool { return r.in(inside) })
	for name, x := range r.away() {
		r.Set(s, map[string]any{"paused": true})
		called := r.join(1)[0]
		r.Set(s, map[string]any{"paused": false, "rate": "36000/h"})
		gateway.Until(s, "a call", turnLimit, func() bool { return called.Call(s, "status").Standing.State == "called" })
		r.Set(s, map[string]any{"rate": "0"})
		waiting := r.join(1)[0]
		x[0]()
		gateway.Until(s, "the gateway to notice", turnLimit, func() bool { status, _ := r.Ready(); return status == http.StatusServiceUnavailable })
		r.nobody(name, inside, called, waiting)
		x[1]()
		gateway.Until(s, "the gateway to recover", turnLimit, func() bool { status, _ := r.Ready(); return status == http.StatusOK })
		r.Set(s, map[string]any{"rate": "36000/h"})
		r.enter(name, called, waiting)
	}
	r.once("after all of them", inside)
}

// nobody fails the variant if anybody gets in while the store is away, and wrongs those
// inside if they do not go on.
func (r *rig) nobody(variant string, inside, called, waiting *gateway.Visitor) {
	s := r.s
	stranger := gateway.NewVisitor(r.URL)
	for who, v := range map[string]*gateway.Visitor{"a stranger": stranger, "who waits": waiting, "who is called": called} {
		mark := s.Mark()
		a, err := v.TryNavigate("/book?" + mark)
		if err != nil {
			s.Fatalf("%s, %s: %v", variant, who, err)
		}
		why := s.strange(a.Status, a.Header.Get("Content-Type"), a.Body)
		if len(r.site.Marked(mark)) > 0 {
			why = "the backend saw it"
		}
		s.Check(variant+", "+who+" goes there", "GET /book", a, why)
		a, err = v.Try("enter")
		if err != nil {
			s.Fatalf("%s, %s: %v", variant, who, err)
		}
		s.Check(variant+", "+who+" enters", "POST enter", a, s.entered(v, &a))
	}
	if !r.in(inside) {
		s.Wronged(Finding{Variant: variant, Why: "who is inside does not get on"})
	}
}

func fullStore(s *Stage) {
	r := s.rig(nil)
	r.Set(s, map[string]any{"paused": true})
	before := r.join(5)
	c := r.redis.Client()
	defer func() { _ = c.Close() }()
	limit := func(bytes string) {
		if err := c.ConfigSet(context.Background(), "maxmemory", bytes).Err(); err != nil {
			s.Fatal(err)
		}
	}
	limit("1mb")
	late := gateway.NewVisitor(r.URL)
	gateway.Until(s, "the gateway to notice", turnLimit, func() bool {
		_, _ = late.Try("join")
		status, _ := r.Ready()
		return status == http.StatusServiceUnavailable
	})
	for _, v := range append(before, late) {
		a, err := v.Try("enter")
		if err != nil {
			s.Fatal(err)
		}
		s.Check("entering while the store is full", "POST enter", a, s.entered(v, &a))
	}
	limit("0")
	gateway.Until(s, "the gateway to recover", turnLimit, func() bool { status, _ := r.Ready(); return status == http.StatusOK })
	r.Set(s, map[string]any{"paused": false})
	r.enter("who waited when the store was full", append(before, late)...)
	last := int64(0)
	for _, x := range gateway.Tickets(r.Journal(s), "call") {
		if x.Place <= last {
			s.Wronged(Finding{Variant: "the order after it", Why: "a later place was called before an earlier one"})
		}
		last = x.Place
	}
	r.once("after it", before...)
}
