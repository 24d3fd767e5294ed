package memory

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"waitroom/queue"
)

// names are the kinds that operators may read.
func (k kind) name() queue.Kind {
	switch k {
	case kindEpoch:
		return queue.KindEpoch
	case kindArrive:
		return queue.KindArrive
	case kindReturn:
		return queue.KindReturn
	case kindCall:
		return queue.KindCall
	case kindEnter:
		return queue.KindEnter
	case kindLeave:
		return queue.KindLeave
	case kindEnd:
		return queue.KindEnd
	case kindControl:
		return queue.KindControl
	case kindFork:
		return queue.KindFork
	case kindHold:
		return queue.KindHold
	}
	return ""
}

// visible says whether operators read of it: of persons, only that one was taken over.
func (e *event) visible() bool {
	return e.kind.name() != "" && (e.kind != kindHold || e.flags&flagTook != 0)
}

// record is the event as operators read it.
func (e *event) record(cursor string) queue.Record {
	r := queue.Record{Cursor: cursor, At: e.at, Kind: e.kind.name(), By: e.by, Detail: e.detail}
	switch e.kind {
	case kindArrive, kindReturn, kindEnter, kindLeave:
		r.Tickets = []queue.Recorded{{ID: e.id, Place: e.place, Entry: e.entry}}
	case kindEnd:
		r.Tickets = []queue.Recorded{{ID: e.pass.Ticket(), Place: e.place, Entry: e.entry}}
	case kindFork:
		r.Tickets, r.Detail = []queue.Recorded{{ID: e.pass.Ticket(), Place: e.place, Entry: e.entry}}, e.told()
	case kindHold:
		r.Tickets, r.Detail = []queue.Recorded{{ID: e.id}}, "since="+strconv.FormatInt(e.holder.Since, 10)
	case kindCall:
		for _, t := range e.tickets {
			r.Tickets = append(r.Tickets, queue.Recorded{ID: t.id, Place: t.place})
		}
	case kindEpoch:
		r.Detail = e.epoch
	}
	return r
}

// Journal implements queue.Operated. It reads the disk, and only what is durable.
func (l *Line) Journal(ctx context.Context, after string, limit int) ([]queue.Record, error) {
	records, err := l.journal.read(ctx, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read journal of room %s: %w", l.name, err)
	}
	return records, nil
}

func (j *journal) read(ctx context.Context, after string, limit int) ([]queue.Record, error) {
	j.mu.Lock()
	at, upto := position{1, int64(len(magic))}, j.durable
	if after == "-" {
		if newest, ok := j.marks.newest(int64(limit)); ok {
			at = newest
		}
	}
	j.mu.Unlock()
	if after != "-" && after != "" {
		if _, err := fmt.Sscanf(after, "%d.%d", &at.segment, &at.offset); err != nil || upto.before(at) {
			return nil, fmt.Errorf("%q is no cursor", after)
		}
	}
	var records []queue.Record
	for at.before(upto) && (len(records) < limit || after == "-") {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		more, err := j.readSegment(&at, upto, func(e *event) bool {
			records = append(records, e.record(fmt.Sprintf("%d.%d", at.segment, at.offset)))
			return len(records) < limit || after == "-"
		})
		if err != nil {
			return nil, err
		}
		if more {
			at = position{at.segment + 1, int64(len(magic))}
		}
		if n := len(records) - limit; n > 0 {
			records = append([]queue.Record(nil), records[n:]...)
		}
	}
	return records, nil
}

// readSegment shows the events from the position on, which it moves along, until
// show wants no more or the segment ends; more says that it ended.
func (j *journal) readSegment(at *position, upto position, show func(*event) bool) (more bool, err error) {
	path := segmentPath(j.dir, at.segment)
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	size := upto.offset
	if at.segment != upto.segment {
		info, err := f.Stat()
		if err != nil {
			return false, err
		}
		size = info.Size()
	}
	if at.offset < int64(len(magic)) || at.offset > size {
		return false, fmt.Errorf("no record at %d in %s", at.offset, path)
	}
	window := make([]byte, min(size-at.offset, longestRecord+frameHead))
	for at.offset < size {
		data := window[:min(size-at.offset, int64(len(window)))]
		if _, err := f.ReadAt(data, at.offset); err != nil {
			return false, err
		}
		on, err := showFrames(data, at, show)
		if err != nil {
			return false, fmt.Errorf("read record at %d in %s: %w", at.offset, path, err)
		}
		if !on {
			return false, nil
		}
	}
	return true, nil
}

// showFrames shows the whole records in data; at least one must be whole.
func showFrames(data []byte, at *position, show func(*event) bool) (on bool, err error) {
	begin := at.offset
	for len(data) > 0 {
		payload, size, err := frame(data)
		if err != nil && at.offset > begin {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		e, err := decode(payload)
		if err != nil {
			return false, err
		}
		data, at.offset = data[size:], at.offset+int64(size)
		if e.visible() && !show(&e) {
			return false, nil
		}
	}
	return true, nil
}
