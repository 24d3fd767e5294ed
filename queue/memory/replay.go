package memory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// replay reads the whole journal of a folder and hands every event to apply. A torn
// tail, which a crash in the middle of a write leaves, is set aside and cut off;
// damage before it is an error. It returns where the journal ends.
func replay(dir string, apply func(*event) error) (end position, m marks, err error) {
	numbers, err := segments(dir)
	if err != nil {
		return end, m, err
	}
	for i, n := range numbers {
		before := end
		end = position{segment: n}
		path := segmentPath(dir, n)
		data, err := os.ReadFile(path)
		if err != nil {
			return end, m, fmt.Errorf("read journal: %w", err)
		}
		last := i == len(numbers)-1
		if !bytes.HasPrefix(data, []byte(magic)) {
			if last && unborn(data) {
				return before, m, nil
			}
			return end, m, damaged(path, 0, errors.New("it does not begin as a journal"))
		}
		if end.offset, err = m.read(n, data, apply); err == nil {
			continue
		}
		if !last || !errors.Is(err, errTorn) || batchFollows(data[end.offset:]) {
			return end, m, damaged(path, end.offset, err)
		}
		if err := cut(path, data, end.offset); err != nil {
			return end, m, fmt.Errorf("cut torn tail of %s: %w", path, err)
		}
	}
	return end, m, nil
}

// unborn says whether a segment was being begun when the process died.
func unborn(data []byte) bool {
	data = bytes.TrimRight(data, "\x00")
	return strings.HasPrefix(magic, string(data))
}

func damaged(path string, offset int64, why error) error {
	return fmt.Errorf("journal %s is damaged at offset %d: %w; restore the file from a copy, or move its folder away: "+
		"the room then begins anew, and valid tickets are put back at their places", path, offset, why)
}

// read applies the records of one segment, and returns the offset behind the last
// good one.
func (m *marks) read(segment int, data []byte, apply func(*event) error) (int64, error) {
	offset := len(magic)
	for {
		payload, size, err := frame(data[offset:])
		if errors.Is(err, io.EOF) {
			return int64(offset), nil
		}
		if err != nil {
			return int64(offset), err
		}
		e, err := decode(payload)
		if err == nil {
			err = apply(&e)
		}
		if err != nil {
			return int64(offset), err
		}
		if e.kind == kindBatch {
			m.note(position{segment, int64(offset)})
		} else if e.visible() {
			m.total++
		}
		offset += size
	}
}

// cut sets the bytes from the offset on aside, in a file beside the segment, and
// shortens the segment.
func cut(path string, data []byte, offset int64) error {
	aside := fmt.Sprintf("%s.torn-%d", path, offset)
	if err := os.WriteFile(aside, data[offset:], 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(offset); err != nil {
		return err
	}
	return f.Sync()
}

// marks are places at which batches begin, every so many records that operators
// may read, so that the newest can be found without reading everything.
type marks struct {
	total int64 // records that operators may read
	list  []mark
}

type mark struct {
	before int64 // records before the place
	at     position
}

// markGap is how many records lie between two marks at least.
const markGap = 1024

// note sees a batch begin.
func (m *marks) note(at position) {
	if n := len(m.list); n == 0 || m.total-m.list[n-1].before >= markGap {
		m.list = append(m.list, mark{m.total, at})
	}
}

// newest is the last mark with at least so many records behind it.
func (m *marks) newest(limit int64) (position, bool) {
	for i := len(m.list) - 1; i >= 0; i-- {
		if m.total-m.list[i].before >= limit || i == 0 {
			return m.list[i].at, true
		}
	}
	return position{}, false
}
