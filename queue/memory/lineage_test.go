package memory

import (
	"runtime"
	"testing"

	"waitroom/queue"
	"waitroom/queue/queuetest"
)

func TestWhatIsKnownOfGenerationsTakesFewBytesAPass(t *testing.T) {
	l := newFolder(t).open()
	const n = 50_000
	passes := make([]queue.PassID, n)
	l.mu.Lock()
	for i := range passes {
		passes[i] = queue.PassOf(queuetest.ID(i), queuetest.Start)
		l.state.records[passes[i].Ticket()] = record{entry: queuetest.Start, end: queuetest.Start + minute, expiry: queuetest.Start + minute}
	}
	l.mu.Unlock()
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := used()
	for _, p := range passes {
		l.Show(p, queuetest.Start+minute, queue.Shown{Gen: 3, Parent: 7, Grand: 5})
	}
	each := (float64(used()) - float64(before)) / n
	t.Logf("%.1f bytes a pass", each)
	if len(l.state.lineages) != n || each > 400 {
		t.Errorf("%d are known, %.1f bytes a pass", len(l.state.lineages), each)
	}
	for _, p := range passes {
		l.state.forget(p.Ticket())
	}
	if len(l.state.lineages) != 0 {
		t.Errorf("%d are known when the passes are over", len(l.state.lineages))
	}
}
