package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"waitroom/queue"
	"waitroom/queue/queuetest"
)

var bg = context.Background()

func rules() queue.Rules {
	return queue.Rules{RatePerHour: 36_000, Burst: 2, Hold: 1800e6, PassTTL: 100e6}
}

// folder is a store that can be opened again and again.
type folder struct {
	t     testing.TB
	dir   string
	clock *queuetest.Clock
	disk  *disk
	store *Store
}

func newFolder(t testing.TB) *folder {
	f := &folder{t: t, dir: t.TempDir(), clock: queuetest.NewClock()}
	t.Cleanup(f.crash)
	return f
}

func (f *folder) try() (*Line, error) {
	var err error
	if f.store, err = Open(Options{Dir: f.dir, Now: f.clock.Now, NoSync: f.disk == nil, disk: f.disk}); err != nil {
		return nil, err
	}
	return f.store.Room("booking", rules())
}

func (f *folder) open() *Line {
	f.t.Helper()
	l, err := f.try()
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

func (f *folder) crash() {
	if f.store != nil {
		f.store.crash()
		f.store = nil
	}
}

func (f *folder) close() {
	f.t.Helper()
	if err := f.store.Close(); err != nil {
		f.t.Fatal(err)
	}
	f.store = nil
}

func (f *folder) segment(n int) string {
	return segmentPath(filepath.Join(f.dir, "rooms", "booking"), n)
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// facts are all of a state that counts; the latest time seen does not.
func facts(s *state) map[string]any { return factsAt(s, 0) }

// factsAt leaves out what may have been forgotten at a time.
func factsAt(s *state, now int64) map[string]any {
	pace := s.pace
	pace.Clock = 0
	records := map[queue.ID]string{}
	for id, r := range s.records {
		if r.end+rules().Hold+minute <= now {
			continue
		}
		records[id] = fmt.Sprint(r.place, r.entry, r.end)
	}
	called := map[queue.ID]int64{}
	for id, c := range s.called {
		if c.at+2*rules().Hold <= now {
			continue
		}
		called[id] = c.place
	}
	var line []string
	for _, s := range s.line.all() {
		line = append(line, fmt.Sprint(s))
	}
	revoked := map[any]any{}
	s.revoked.Range(func(p, until any) bool {
		if until.(int64) > now {
			revoked[p] = until
		}
		return true
	})
	floors := map[queue.PassID]int64{}
	for p, from := range s.floors.from {
		if s.records[p.Ticket()].end > now {
			floors[p] = from
		}
	}
	if len(pace.Cohorts) == 0 {
		pace.Cohorts = nil
	}
	return map[string]any{
		"epoch": s.epoch, "counts": []int64{s.last, s.front, s.arrivals, s.calls, s.entries, s.recoverUntil},
		"foreign": s.foreign, "control": s.control, "pace": pace, "line": line, "called": called, "records": records, "revoked": revoked,
		"floors": floors,
	}
}

func TestAReplayedJournalGivesTheSameState(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := &folder{t: t, dir: t.TempDir(), clock: queuetest.NewClock()}
		defer f.crash()
		if rapid.Bool().Draw(rt, "small segments") {
			d := realDisk().unsynced()
			d.segment = 300
			f.disk = &d
		}
		r := &randomly{rt: rt, f: f, l: f.open(), seats: map[int]queue.Seat{}, latest: f.clock.Now()}
		rt.Repeat(map[string]func(*rapid.T){
			"arrive": r.arrive, "return": r.back, "enter": r.enter, "leave": r.leave, "end": r.end,
			"time": r.time, "set": r.set, "show": r.show,
		})
		want := factsAt(r.l.state, r.latest)
		if rapid.Bool().Draw(rt, "crash") {
			f.crash()
		} else {
			f.close()
		}
		if d := cmp.Diff(want, factsAt(f.open().state, r.latest)); d != "" {
			rt.Fatalf("the replayed state differs (-before +after):\n%s", d)
		}
	})
}

// randomly does things to a line.
type randomly struct {
	rt     *rapid.T
	f      *folder
	l      *Line
	seats  map[int]queue.Seat
	latest int64
}

func (r *randomly) who() int { return rapid.IntRange(0, 20).Draw(r.rt, "who") }

func (r *randomly) ok(err error) {
	if err != nil {
		r.rt.Fatal(err)
	}
}

func (r *randomly) keep(n int, s queue.Seat, err error) {
	r.ok(err)
	r.seats[n] = s
}

func (r *randomly) arrive(*rapid.T) {
	n := r.who()
	s, err := r.l.Arrive(bg, queue.Arrival{ID: id(n), Direct: n%2 == 0})
	r.keep(n, s, err)
}

func (r *randomly) back(*rapid.T) {
	n := r.who()
	s, err := r.l.Return(bg, queue.Arrival{ID: id(n), Place: r.l.state.front + int64(n) - 10, Foreign: n == 20})
	r.keep(n, s, err)
}

func (r *randomly) enter(*rapid.T) {
	n := r.who()
	s, err := r.l.Enter(bg, id(n), max(1, r.seats[n].Place))
	r.keep(n, s, err)
}

func (r *randomly) leave(*rapid.T) {
	n := r.who()
	r.ok(r.l.Leave(bg, id(n), max(1, r.seats[n].Place)))
}

func (r *randomly) end(*rapid.T) {
	n := r.who()
	r.ok(r.l.End(bg, queue.PassOf(id(n), r.seats[n].Entry), queue.WhyRevoked, "op"))
}

func (r *randomly) show(*rapid.T) {
	n := r.who()
	for parent := range rapid.Uint32Range(1, 3).Draw(r.rt, "lines") {
		r.l.Show(queue.PassOf(id(n), r.seats[n].Entry), r.seats[n].End, queue.Shown{Gen: 40, Parent: parent, Keyed: n%3 > 0})
	}
}

func (r *randomly) time(*rapid.T) {
	r.f.clock.Add(rapid.SampledFrom([]int64{-3600e6, -1e6, 1, 1e6, 11e6, 60e6}).Draw(r.rt, "time"))
	r.latest = max(r.latest, r.f.clock.Now())
	_, err := r.l.Tick(bg)
	r.ok(err)
}

func (r *randomly) set(*rapid.T) {
	rate := rapid.SampledFrom([]float64{0, 1000, 36_000}).Draw(r.rt, "rate")
	r.ok(r.l.Set(bg, queue.Change{By: "op", RatePerHour: &rate}))
}

// written fills a journal with some batches, and returns what it is.
func written(t *testing.T, f *folder) []byte {
	l := f.open()
	for n := range 6 {
		must(l.Arrive(bg, queue.Arrival{ID: id(n)}))(t)
		f.clock.Add(1e6)
		must(l.Tick(bg))(t)
	}
	must(l.Enter(bg, id(0), queuetest.Start))(t)
	f.crash()
	return must(os.ReadFile(f.segment(1)))(t)
}

func TestATornTailIsCutAndSetAside(t *testing.T) {
	f := newFolder(t)
	whole := written(t, f)
	last := bytes.LastIndex(whole[:len(whole)-1], []byte{byte(kindBatch), 0}) - frameHead
	if last < 100 {
		t.Fatalf("the last batch is at %d", last)
	}
	for size := last; size < len(whole); size++ {
		for _, junk := range []string{"", "\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x05\x00\x00\x00junkjunkjunk"} {
			torn := append(bytes.Clone(whole[:size]), junk...)
			if err := os.WriteFile(f.segment(1), torn, 0o600); err != nil {
				t.Fatal(err)
			}
			l := f.open()
			rest := int(must(os.Stat(f.segment(1)))(t).Size())
			s := must(l.Enter(bg, id(0), queuetest.Start))(t)
			if s.State != queue.StateAdmitted {
				t.Fatalf("cut at %d: %+v", size, s)
			}
			if got := l.View().Arrivals; got != 6 {
				t.Fatalf("cut at %d: %d arrivals", size, got)
			}
			f.crash()
			if again := must(f.open().Enter(bg, id(0), queuetest.Start))(t); again != s {
				t.Fatalf("cut at %d: %+v, and after another start %+v", size, s, again)
			}
			f.crash()
			asides := must(filepath.Glob(f.segment(1) + ".torn-*"))(t)
			kept := 0
			for _, a := range asides {
				kept += len(must(os.ReadFile(a))(t))
				os.Remove(a)
			}
			if kept+rest != len(torn) || rest < last || !bytes.HasPrefix(whole, torn[:rest]) {
				t.Fatalf("cut at %d of %d: %d bytes are left, %d were set aside in %v", size, len(torn), rest, kept, asides)
			}
		}
	}
}

func TestDamageBeforeTheTailIsRefused(t *testing.T) {
	f := newFolder(t)
	whole := written(t, f)
	last := bytes.LastIndex(whole[:len(whole)-1], []byte{byte(kindBatch), 0}) - frameHead
	for at := 0; at < last; at++ {
		bad := bytes.Clone(whole)
		bad[at] ^= 0x40
		if err := os.WriteFile(f.segment(1), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := f.try()
		f.crash()
		if err == nil || !strings.Contains(err.Error(), f.segment(1)) || !strings.Contains(err.Error(), "at offset ") || !strings.Contains(err.Error(), "restore") {
			t.Fatalf("byte %d of %d was damaged: %v", at, len(whole), err)
		}
		if got := must(os.ReadFile(f.segment(1)))(t); !bytes.Equal(got, bad) {
			t.Fatalf("byte %d was damaged, and the file was changed", at)
		}
	}
}

func TestAMissingSegmentIsRefused(t *testing.T) {
	f := newFolder(t)
	d := realDisk().unsynced()
	d.segment = 200
	f.disk = &d
	written(t, f)
	if err := os.Remove(f.segment(2)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.try(); err == nil || !strings.Contains(err.Error(), f.segment(2)+" is missing") {
		t.Errorf("got %v", err)
	}
}

func TestASegmentThatWasBeingBegunIsBegunAgain(t *testing.T) {
	for _, begun := range []string{"", "wait", magic[:len(magic)-1], "\x00\x00\x00"} {
		f := newFolder(t)
		written(t, f)
		if err := os.WriteFile(f.segment(2), []byte(begun), 0o600); err != nil {
			t.Fatal(err)
		}
		l := f.open()
		if records := must(l.Journal(bg, "", 100))(t); len(records) < 7 {
			t.Errorf("begun with %q: %d records", begun, len(records))
		}
		must(l.Arrive(bg, queue.Arrival{ID: id(99)}))(t)
		f.close()
		if got := f.open().View().Arrivals; got != 7 {
			t.Errorf("begun with %q: %d arrivals, want 7", begun, got)
		}
	}
}

func TestTheJournalGoesOnOverSegments(t *testing.T) {
	f := newFolder(t)
	d := realDisk().unsynced()
	d.segment = 500
	f.disk = &d
	l := f.open()
	for n := range 200 {
		must(l.Arrive(bg, queue.Arrival{ID: id(n)}))(t)
	}
	segments := must(filepath.Glob(f.segment(1)[:len(f.segment(1))-5] + "*"))(t)
	if len(segments) < 2 {
		t.Fatalf("segments are %v", segments)
	}
	read := func() (ids []queue.ID) {
		for cursor := ""; ; {
			records := must(f.store.lines["booking"].Journal(bg, cursor, 9))(t)
			if len(records) == 0 {
				return ids
			}
			for _, r := range records {
				if r.Kind == queue.KindArrive {
					ids = append(ids, r.Tickets[0].ID)
				}
			}
			cursor = records[len(records)-1].Cursor
		}
	}
	check := func(ids []queue.ID) {
		t.Helper()
		if len(ids) != 200 || ids[0] != id(0) || ids[199] != id(199) {
			t.Errorf("%d arrivals were read", len(ids))
		}
	}
	check(read())
	f.close()
	f.open()
	check(read())
	newest := must(f.store.lines["booking"].Journal(bg, "-", 3))(t)
	if len(newest) != 3 || newest[2].Tickets[0].ID != id(199) {
		t.Errorf("the newest are %+v", newest)
	}
}

func TestAFolderMovedAwayBeginsAnewAndTakesTicketsBack(t *testing.T) {
	f := newFolder(t)
	l := f.open()
	epoch := l.View().Epoch
	var places []int64
	for n := range 50 {
		places = append(places, must(l.Arrive(bg, queue.Arrival{ID: id(n)}))(t).Place)
	}
	f.close()
	if err := os.RemoveAll(filepath.Join(f.dir, "rooms")); err != nil {
		t.Fatal(err)
	}
	f.clock.Add(1e6)
	l = f.open()
	if l.View().Epoch == epoch {
		t.Error("the epoch is the same")
	}
	for n := range places {
		n = n * 7 % len(places)
		if s := must(l.Return(bg, queue.Arrival{ID: id(n), Place: places[n], Foreign: true}))(t); s.Place != places[n] {
			t.Errorf("put back at %d, had %d", s.Place, places[n])
		}
	}
	if s := must(l.Enter(bg, id(0), places[0]))(t); s.State != queue.StateWaiting {
		t.Errorf("entered at once: %+v", s)
	}
	for n, s := range l.state.line.all() {
		if s.place != places[n] {
			t.Errorf("place %d is %d, want %d", n, s.place, places[n])
		}
	}
}

func TestAFolderInUseIsRefused(t *testing.T) {
	f := newFolder(t)
	f.open()
	_, err := Open(Options{Dir: f.dir})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint("pid ", os.Getpid())) {
		t.Errorf("got %v", err)
	}
	f.close()
	f.open()
}

func TestTheFolderIsForItsUserAlone(t *testing.T) {
	f := newFolder(t)
	f.dir = filepath.Join(f.dir, "new")
	written(t, f)
	for path, want := range map[string]os.FileMode{f.dir: 0o700, f.segment(1): 0o600, filepath.Join(f.dir, "lock"): 0o600} {
		if got := must(os.Stat(path))(t).Mode().Perm(); got != want {
			t.Errorf("%s is %o, want %o", path, got, want)
		}
	}
}

func same(t testing.TB, want, got map[string]any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the state differs (-want +got):\n%s", d)
	}
}
