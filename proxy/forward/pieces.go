package forward

import "sync"

type piecePool struct{ p sync.Pool }

func (pp *piecePool) get() *[pieceSize]byte {
	if b, ok := pp.p.Get().(*[pieceSize]byte); ok {
		return b
	}
	return new([pieceSize]byte)
}

func (pp *piecePool) put(b *[pieceSize]byte) { pp.p.Put(b) }

// pieces is shared by all backends: a cache of equal buffers, no state.
var pieces piecePool
