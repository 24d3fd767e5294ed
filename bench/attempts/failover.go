package attempts

import (
	"context"
	"fmt"

	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// forgetful is the store's loss in two kinds: of everything, and of what a replica had not heard yet.
func forgetful(s *Stage) {
	lostStore(s)
	failover(s)
}

// failover kills a store, and gives its address to a replica that has missed the last of it.
func failover(s *Stage) {
	const variant, people = "a replica is promoted", 10
	r := s.rig(nil)
	insider := r.join(1)[0]
	r.enter("before the failover", insider)
	r.Set(s, map[string]any{"paused": true})
	all := r.join(people)
	replica := redistest.StartReplica(s, r.redis)
	c := replica.Client()
	defer func() { _ = c.Close() }()
	if err := c.ReplicaOf(context.Background(), "NO", "ONE").Err(); err != nil {
		s.Fatal(err)
	}

	// What happens from here on the replica does not know: one enters, so slowly that hardly anybody is called besides, and as many
	// come again.
	r.Set(s, map[string]any{"paused": false, "rate": "1/s"})
	used := all[0]
	r.enter("before the failover", used)
	gateway.Until(s, "the passes to open the backend", turnLimit, func() bool { return r.in(insider) && r.in(used) })
	r.Set(s, map[string]any{"paused": true})
	all = append(all[1:], r.join(people)...)
	r.known = map[string]bool{s.passID(insider): true, s.passID(used): true}
	positions := make([]int64, len(all))
	gateway.Until(s, "the view to show everybody", turnLimit, func() bool {
		for i, v := range all {
			positions[i] = v.Call(s, "status").Standing.Position
		}
		return positions[len(all)-1] > 0
	})
	r.redis.Kill()
	replica.Move(s, r.redis.Port)
	gateway.Until(s, "the replica to be noticed", turnLimit, func() bool {
		status, _ := r.Ready()
		return status == 200 && r.Room(s).Store == "ok" && r.Room(s).Paused
	})
	newcomer := r.join(1)[0]
	r.backInOrder(variant, all, positions)
	r.usedStaysUsed(variant, used)
	for _, v := range []*gateway.Visitor{insider, used} {
		if !r.in(v) {
			s.Wronged(Finding{Variant: variant, Why: "who was inside is outside"})
		}
	}
	r.Set(s, map[string]any{"paused": false, "rate": nil})
	r.enter(variant, append(all, newcomer)...)
	r.called(variant, append(all, newcomer)...)
	r.once("after that", append(all, newcomer)...)
}

// called wrongs people who were called in another order than they came in. Half of them the replica has never heard of: they are put
// back when they ask, without a call if others who came later have been called. Some more were called before the failover.
func (r *rig) called(variant string, all ...*gateway.Visitor) {
	came := map[string]int{}
	for i, v := range all {
		if id := r.s.passID(v); len(id) > 16 {
			came[id[:16]] = i // a pass's identity begins with its ticket's
		}
	}
	last, found := -1, 0
	for _, x := range gateway.Tickets(r.Journal(r.s), "call") {
		i, ok := came[x.ID]
		if !ok {
			continue
		}
		delete(came, x.ID)
		if found++; i < last {
			r.s.Wronged(Finding{Variant: variant, Why: fmt.Sprintf("visitor %d was called after visitor %d", i+1, last+1)})
		}
		last = i
	}
	if found < len(all)/4 {
		r.s.Fatalf("%s: %d of %d calls are in the journal", variant, found, len(all))
	}
	r.s.Tried()
}

// backInOrder has people ask again, in any order, and wrongs whoever is further behind than before.
func (r *rig) backInOrder(variant string, all []*gateway.Visitor, before []int64) {
	r.s.Tried()
	for range 3 { // the first answers may be older than the last who came back
		for i := range all {
			all[(i*7)%len(all)].Call(r.s, "status")
		}
	}
	for i, v := range all {
		if got := v.Call(r.s, "status").Standing.Position; before[i] > 0 && got > before[i] {
			r.s.Wronged(Finding{Variant: variant, Why: fmt.Sprintf("who was at position %d is at %d", before[i], got)})
		}
	}
}

// thief is somebody with an owner's turn and device, and without the pass.
func (r *rig) thief(owner *gateway.Visitor) *gateway.Visitor {
	v := r.s.thief(owner, owner.Agent, "ticket-"+gateway.Room, "device")
	v.URL, v.Host = owner.URL, owner.Host
	return v
}

// usedStaysUsed shows a turn that was used again, without the pass that it gave.
func (r *rig) usedStaysUsed(variant string, owner *gateway.Visitor) {
	s := r.s
	again := r.thief(owner)
	s.Tried()
	gateway.Eventually(2*believed, func() bool { a, err := again.Try("enter"); return err != nil || a.Standing.State == "admitted" })
	if id, used := s.passID(again), s.passID(owner); id != "" && id != used {
		s.Through(Finding{Variant: variant, Why: "a turn that was used before gave a second pass, " + id + " after " + used})
	}
}
