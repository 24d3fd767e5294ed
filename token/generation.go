package token

import (
	"crypto/rand"
	"encoding/binary"
)

// Generation is where a pass stands among those that succeeded each other. The zero value is the first, as entering gives it.
type Generation struct {
	// Number counts from 0, and rises by one with each successor.
	Number int64
	// Tag is drawn anew for each successor, so that two successors of one pass can be told apart; below 1<<26, never 0 but in the first.
	Tag uint32
	// Parent is the tag of the pass that this one succeeded, Grand that of the one before it; 0 where it succeeded none.
	Parent, Grand uint32
}

// tagBits is the length of a tag. Two of them, or one and 27 bits of a number, are a number that JSON keeps exactly.
const tagBits = 26

// Next is a successor, with a tag of its own.
func (g Generation) Next() Generation {
	return Generation{Number: g.Number + 1, Tag: newTag(), Parent: g.Tag, Grand: g.Parent}
}

// GenerationFrom begins anew with a number above 0: it succeeds none.
func GenerationFrom(number int64) Generation { return Generation{Number: number, Tag: newTag()} }

func newTag() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return max(1, binary.BigEndian.Uint32(b[:])>>(32-tagBits))
}

// appendClaims writes gen: the number, and the tag in its lowest bits; and par, if there is any: the tag of the one before the
// parent, and the parent's in its lowest bits.
func (g *Generation) appendClaims(b []byte) []byte {
	if (g.Tag|g.Parent|g.Grand)>>tagBits != 0 || g.Number > maxNumber>>tagBits {
		panic("BUG: a generation out of range")
	}
	b = appendNumber(b, `,"gen":`, g.Number<<tagBits|int64(g.Tag))
	if g.Parent|g.Grand != 0 {
		b = appendNumber(b, `,"par":`, int64(g.Grand)<<tagBits|int64(g.Parent))
	}
	return b
}

func (g *Generation) scan(s *scanner) {
	s.literal(`,"gen":`)
	g.Number, g.Tag = tagged(s.number())
	if s.optional(`,"par":`) {
		n := s.number()
		grand, parent := tagged(n)
		s.bad = s.bad || n == 0 || grand>>tagBits != 0
		g.Parent, g.Grand = parent, uint32(grand) // #nosec G115 -- what is longer is refused
	}
}

// tagged takes a tag off the end of a number.
func tagged(n int64) (rest int64, tag uint32) {
	return n >> tagBits, uint32(n & (1<<tagBits - 1)) // #nosec G115 -- the low bits
}
