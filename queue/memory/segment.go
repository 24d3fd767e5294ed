package memory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// magic begins every segment, and names the format.
	magic = "waitroom journal 1\n"
	// frameHead is the length and the checksum before every payload.
	frameHead = 8
	// longestRecord bounds a payload: a tick's calls need some 25 kB.
	longestRecord = 1 << 20
	segmentName   = ".log"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn says that the bytes from here on are no whole record.
var errTorn = errors.New("no whole record")

// appendFrame appends the payload that fill writes, with its length and its
// checksum (CRC32C) before it.
func appendFrame(b []byte, fill func([]byte) []byte) []byte {
	start := len(b)
	b = fill(append(b, make([]byte, frameHead)...))
	payload := b[start+frameHead:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.Checksum(payload, castagnoli))
	return b
}

// frame is the payload of the record at the beginning of b, and its whole size.
func frame(b []byte) (payload []byte, size int, err error) {
	if len(b) == 0 {
		return nil, 0, io.EOF
	}
	if len(b) < frameHead {
		return nil, 0, errTorn
	}
	n := binary.LittleEndian.Uint32(b)
	if n == 0 || n > longestRecord || int(n) > len(b)-frameHead {
		return nil, 0, errTorn
	}
	size = frameHead + int(n)
	payload = b[frameHead:size]
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, 0, errTorn
	}
	return payload, size, nil
}

// batchFollows says whether a batch begins anywhere in b. A batch is written only
// after everything before it was durable.
func batchFollows(b []byte) bool {
	for ; len(b) >= batchHead; b = b[1:] {
		if kind(b[frameHead]) != kindBatch {
			continue
		}
		if _, size, err := frame(b); err == nil && size == batchHead {
			return true
		}
	}
	return false
}

func segmentPath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("%08d%s", number, segmentName))
}

// segments lists the numbers of the segments in a folder, rising by one each.
func segments(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list journal: %w", err)
	}
	var numbers []int
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), segmentName)
		if n, err := strconv.Atoi(name); ok && err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if i > 0 && n != numbers[i-1]+1 {
			return nil, fmt.Errorf("journal %s: %s is missing; restore it from a copy", dir, segmentPath(dir, numbers[i-1]+1))
		}
	}
	return numbers, nil
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
