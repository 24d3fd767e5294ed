package queuetest

import (
	"context"
	"errors"
	"testing"

	"waitroom/queue"
)

func telling() []trial {
	return []trial{
		{promise: "the journal tells what happened, to whom, in order", try: journalTells},
		{promise: "the journal can be read in pieces, on from a cursor, and from its end", try: journalPieces},
		{promise: "a view is there from the beginning", try: viewIsThere},
	}
}

func journalTells(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 10)
	r.run(5 * Second)
	in := r.enter(0, places[0])
	r.leave(9, places[9])
	r.back(50, places[0]-1, false)
	r.end(queue.PassOf(ID(0), in.Entry))
	one := func(kind queue.Kind, id queue.ID, place, entry int64) {
		t.Helper()
		records := r.journal(kind)
		if len(records) != 1 || len(records[0].Tickets) != 1 {
			t.Fatalf("%s: %+v", kind, records)
		}
		got := records[0].Tickets[0]
		if got.ID != id || place != 0 && got.Place != place || entry != 0 && got.Entry != entry || records[0].At != b.Clock.Now() {
			t.Errorf("%s: %+v", kind, records[0])
		}
	}
	one(queue.KindEnter, ID(0), places[0], in.Entry)
	one(queue.KindLeave, ID(9), places[9], 0)
	one(queue.KindReturn, ID(50), places[0]-1, 0)
	one(queue.KindEnd, ID(0), 0, 0)
	if e := r.journal(queue.KindEnd)[0]; e.By != "backend" || e.Detail != string(queue.WhyReleased) {
		t.Errorf("end: %+v", e)
	}
	if e := r.journal(queue.KindEpoch); len(e) != 1 {
		t.Errorf("epochs: %+v", e)
	}
	var last int64
	for _, rec := range r.journal(queue.KindEpoch, queue.KindCall, queue.KindEnter, queue.KindLeave, queue.KindReturn, queue.KindEnd) {
		if rec.At < last {
			t.Errorf("%s at %d stands behind %d", rec.Kind, rec.At, last)
		}
		last = rec.At
	}
}

func journalPieces(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 50)
	r.run(20 * Second)
	for n := range 20 {
		r.enter(n, places[n])
	}
	ctx := context.Background()
	read := func(after string, limit int) []queue.Record {
		t.Helper()
		records, err := r.gates[0].Journal(ctx, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) > limit {
			t.Fatalf("%d records, at most %d were asked for", len(records), limit)
		}
		return records
	}
	all := read("", 10_000)
	cursor, n := "", 0
	for {
		piece := read(cursor, 7)
		if len(piece) == 0 {
			break
		}
		for _, rec := range piece {
			if rec.Cursor != all[n].Cursor || rec.Kind != all[n].Kind || rec.At != all[n].At {
				t.Fatalf("record %d is %+v in pieces, %+v at once", n, rec, all[n])
			}
			n++
		}
		cursor = piece[len(piece)-1].Cursor
	}
	if n != len(all) || n < 21 {
		t.Errorf("%d records in pieces, %d at once", n, len(all))
	}
	newest := read("-", 5)
	if len(newest) != 5 || newest[0].Cursor != all[len(all)-5].Cursor || newest[4].Cursor != cursor {
		t.Errorf("the newest five are %+v", newest)
	}
	r.enter(20, places[20])
	if more := read(cursor, 100); len(more) != 1 || more[0].Kind != queue.KindEnter {
		t.Errorf("after the end came %+v", more)
	}
	for _, nonsense := range []string{"nonsense", "1-", "(1-1", "99999999999999999999-1"} {
		if _, err := r.gates[0].Journal(ctx, nonsense, 5); err == nil || errors.Is(err, queue.ErrAway) {
			t.Errorf("%q as a cursor: %v", nonsense, err)
		}
	}
}

func viewIsThere(t *testing.T, b *Bench) {
	rules := plain()
	for _, g := range []Engine{b.Open(t, rules), b.Open(t, rules)} {
		v := g.View()
		if v == nil || v.Epoch == "" || v.Away() || v.Rules != rules || v.At != Start || v.Ranks == nil {
			t.Errorf("the first view is %+v", v)
		}
	}
}
