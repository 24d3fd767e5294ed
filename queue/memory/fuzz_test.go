package memory

import (
	"bytes"
	"fmt"
	"testing"

	"waitroom/queue"
)

// FuzzRecordsAreReadAsTheyWereWritten holds the decoder to this: whatever it takes, it writes again as something that
// it reads as the same; and a room to which any records whatever happen neither panics nor loses count of itself.
func FuzzRecordsAreReadAsTheyWereWritten(f *testing.F) {
	id, pass := queue.ID{1, 2, 3}, queue.PassID{4, 5}
	var all [][]byte
	for _, e := range []event{
		{kind: kindBatch, at: 1}, {kind: kindEpoch, at: 2, epoch: "e"}, {kind: kindArrive, at: 10, id: id, place: 12},
		{kind: kindCall, at: 20, tickets: []ticket{{id, 12}}}, {kind: kindEnter, at: 30, id: id, place: 12, entry: 31, end: 99, due: 32.5},
		{kind: kindLeave, at: 40, id: id, place: 12}, {kind: kindReturn, at: 50, id: id, place: 12},
		{kind: kindEnd, at: 60, pass: pass, place: 12, entry: 31, end: 99, until: 99, by: "kim", detail: "sold"},
		{kind: kindControl, at: 70, by: "kim", detail: "rate"}, {kind: kindPace, at: 80, pace: queue.NewPace(80), until: 90},
		{kind: kindRecover, at: 85, until: 90}, {kind: kindFork, at: 90, pass: pass, place: 12, entry: 31, until: 99, floor: 2},
		{kind: kindHold, at: 91, id: id, claim: queue.Claim{IDs: []queue.ID{id}, Device: [16]byte{1}, State: [16]byte{2}}},
		{kind: kindHold, at: 92, flags: flagHolds | flagTaken | flagTook, id: id, until: 500, claim: queue.Claim{
			IDs: []queue.ID{{9}, id}, Device: [16]byte{3}, Invitation: [16]byte{4}, InvitationEnds: 200,
		}, holder: queue.Holder{ID: id, Family: 3, Since: 92, Until: 300, End: 400}},
		{kind: kindOpen, at: 93, place: 90},
	} {
		payload := e.encode(nil)
		f.Add(payload, []byte{})
		all = append(all, payload)
	}
	for i := range all[1:] {
		f.Add(all[i], all[i+1])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		s := newState()
		data := []byte(magic)
		for _, payload := range [][]byte{first, second} {
			if len(payload) == 0 {
				continue
			}
			data = appendFrame(data, func(b []byte) []byte { return append(b, payload...) })
			e, err := decode(payload)
			if err != nil {
				continue
			}
			written := e.encode(nil)
			again, err := decode(written)
			if err != nil || !bytes.Equal(again.encode(nil), written) || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", e) {
				t.Fatalf("%x is read as %+v, and written as %x, which is read as %+v, %v", payload, e, written, again, err)
			}
		}
		var m marks
		if end, err := m.read(1, data, s.apply); err == nil && end != int64(len(data)) || end > int64(len(data)) {
			t.Fatalf("read to %d of %d: %v", end, len(data), err)
		}
	})
}

// FuzzSegmentsAreReadToWhereTheyAreWhole gives the reader whole files, torn and damaged ones among them.
func FuzzSegmentsAreReadToWhereTheyAreWhole(f *testing.F) {
	whole := appendFrame([]byte(magic), (&event{kind: kindBatch, at: 1}).encode)
	whole = appendFrame(whole, (&event{kind: kindArrive, at: 10, id: queue.ID{1}, place: 12}).encode)
	for _, cut := range []int{0, 1, 5, len(whole) - len(magic)} {
		f.Add(whole[len(magic) : len(whole)-cut])
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		data = append([]byte(magic), data...)
		var m marks
		n := 0
		end, err := m.read(1, data, func(*event) error { n++; return nil })
		switch {
		case end < int64(len(magic)) || end > int64(len(data)):
			t.Fatalf("read to %d of %d", end, len(data))
		case err == nil && end != int64(len(data)):
			t.Fatalf("read to %d of %d without an error", end, len(data))
		}
		was := n
		if again, err := m.read(1, data[:end], func(*event) error { n++; return nil }); err != nil || again != end || n != 2*was {
			t.Fatalf("what was whole is read to %d of %d: %v", again, end, err)
		}
		_ = batchFollows(data[end:])
	})
}
