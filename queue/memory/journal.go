package memory

import (
	"errors"
	"fmt"
	"sync"
)

// errKilled is the failure of a journal that was given up.
var errKilled = errors.New("the journal was given up")

// disk is how a journal gets at its files, and how much it puts into one.
type disk struct {
	open    func(path string) (file, error)
	syncDir func(dir string) error
	// segment is the size from which on the next segment is begun.
	segment int64
	// backlog is how many bytes may wait for the disk before operations are refused
	// with queue.ErrBusy.
	backlog int
}

func realDisk() disk { return disk{openFile, syncDir, 64 << 20, 64 << 20} }

// position is a place in the journal: a segment and an offset in it.
type position struct {
	segment int
	offset  int64
}

func (p position) before(q position) bool {
	return p.segment < q.segment || p.segment == q.segment && p.offset < q.offset
}

// batch is what is made durable together.
type batch struct {
	buf  []byte
	told int64 // records in it that operators may read
	done chan struct{}
	err  error // set before done is closed
}

const batchHead = frameHead + 10

// newBatch makes the buffer an empty batch, with room for the record that begins it.
func newBatch(buf []byte) *batch {
	return &batch{buf: append(buf, make([]byte, batchHead)...), done: make(chan struct{})}
}

func (b *batch) empty() bool { return len(b.buf) == batchHead }

// seal writes the record that begins the batch.
func (b *batch) seal(at int64) {
	head := appendFrame(nil, (&event{kind: kindBatch, at: at}).encode)
	copy(b.buf, head)
}

// journal is the append-only record of one room. Appending is cheap and happens
// under the line's lock; one goroutine writes and syncs.
type journal struct {
	dir  string
	disk disk
	now  func() int64

	mu      sync.Mutex
	filling *batch
	flying  *batch // being written, or stuck
	failure error  // why nothing can be written; nil while all is well
	durable position
	marks   marks

	file file // of the goroutine run
	wake chan struct{}
	stop chan struct{} // closed: flush once more and end
	kill chan struct{} // closed: end at once
	over chan struct{} // closed when run has ended
}

func newJournal(dir string, d disk, now func() int64) *journal {
	return &journal{
		dir: dir, disk: d, now: now, filling: newBatch(nil),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), kill: make(chan struct{}), over: make(chan struct{}),
	}
}

// load reads what the folder holds and opens its last segment.
func (j *journal) load(apply func(*event) error) error {
	end, m, err := replay(j.dir, apply)
	if err != nil {
		return err
	}
	j.durable, j.marks = end, m
	if end.offset > 0 {
		j.file, err = j.disk.open(segmentPath(j.dir, end.segment))
	}
	return err
}

// append adds an event to the batch that is filling.
func (j *journal) append(e *event) {
	j.mu.Lock()
	j.filling.buf = appendFrame(j.filling.buf, e.encode)
	if e.visible() {
		j.filling.told++
	}
	j.mu.Unlock()
	j.poke()
}

// poke wakes the writer, also to try again after a failure.
func (j *journal) poke() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// pending is the last batch that is not durable yet; nil if there is none. Size is
// how many bytes wait to be written.
func (j *journal) pending() (b *batch, size int, failure error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	size = len(j.filling.buf)
	if j.flying != nil {
		b, size = j.flying, size+len(j.flying.buf)
	}
	if !j.filling.empty() {
		b = j.filling
	}
	return b, size, j.failure
}

// run writes batches until it is stopped. It owns the file.
func (j *journal) run() {
	defer close(j.over)
	for {
		select {
		case <-j.kill:
			j.mu.Lock()
			j.fail(errKilled)
			j.mu.Unlock()
			j.closeFile()
			return
		case <-j.stop:
			j.flush()
			j.finish()
			return
		case <-j.wake:
			j.flush()
		}
	}
}

// finish writes an empty batch, so that damage to the last one can be told from a
// torn tail, and closes the file.
func (j *journal) finish() {
	if !j.failed() {
		if _, err := j.write(newBatch(nil), j.durable); err != nil {
			j.mu.Lock()
			j.failure = fmt.Errorf("write journal: %w", err)
			j.mu.Unlock()
		}
	}
	j.closeFile()
}

func (j *journal) closeFile() {
	if j.file != nil {
		_ = j.file.Close() // all that counts has been synced
	}
}

// flush makes one batch durable: the one that is stuck, or the one filling.
func (j *journal) flush() {
	j.mu.Lock()
	b, at := j.flying, j.durable
	switch {
	case b != nil: // stuck: whatever came after it has failed, too, and goes with it
		b.buf = append(b.buf, j.filling.buf[batchHead:]...)
		b.told += j.filling.told
		j.filling = newBatch(nil) // those who wait still hold the old one
	case j.filling.empty():
		j.mu.Unlock()
		return
	default:
		b = j.filling
		j.flying, j.filling = b, newBatch(make([]byte, 0, cap(b.buf)))
	}
	j.mu.Unlock()

	begin, err := j.write(b, at)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil {
		j.fail(fmt.Errorf("write journal: %w", err))
		return
	}
	j.marks.note(begin)
	j.marks.total += b.told
	j.durable = position{begin.segment, begin.offset + int64(len(b.buf))}
	j.failure, j.flying = nil, nil
	release(b, nil)
	if !j.filling.empty() {
		j.poke()
	}
}

// fail tells everybody who waits, and keeps what was applied for the next try.
func (j *journal) fail(err error) {
	j.failure = err
	if j.flying != nil {
		release(j.flying, err)
	}
	release(j.filling, err)
}

func release(b *batch, err error) {
	select {
	case <-b.done:
	default:
		b.err = err
		close(b.done)
	}
}

// write puts the batch behind what is durable, and returns where it begins. What an
// earlier try left there is overwritten: the same bytes, and more.
func (j *journal) write(b *batch, at position) (position, error) {
	if at.offset >= j.disk.segment || j.file == nil {
		if err := j.next(&at); err != nil {
			return at, err
		}
	}
	b.seal(j.now())
	if _, err := j.file.WriteAt(b.buf, at.offset); err != nil {
		return at, err
	}
	return at, j.file.Sync()
}

func (j *journal) failed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failure != nil
}

// next begins the segment after the one at which the position is.
func (j *journal) next(at *position) error {
	path := segmentPath(j.dir, at.segment+1)
	f, err := j.disk.open(path)
	if err != nil {
		return fmt.Errorf("begin segment: %w", err)
	}
	err = begin(f)
	if err == nil {
		err = j.disk.syncDir(j.dir)
	}
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("begin segment %s: %w", path, err)
	}
	j.closeFile()
	j.file, *at = f, position{at.segment + 1, int64(len(magic))}
	j.mu.Lock()
	j.durable = *at
	j.mu.Unlock()
	return nil
}
