package waiting

import (
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/limits"
	"waitroom/proxy/limits/altcha"
	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
)

// Work asks for a proof of work before a new place is given.
type Work struct {
	Puzzles *altcha.Puzzles
	// Always asks everybody; else only those who have asked for too much from there.
	Always bool
}

// workField carries the answer to a puzzle.
const workField = "Waitroom-Work"

// WorkScript is the address of the script that solves a puzzle in a browser.
const WorkScript = "work.js"

//go:embed work.js
var workScript []byte

// ServeWork answers with the script. It is the same for everybody, and no secret.
func ServeWork(ctx *fasthttp.RequestCtx) { serveScript(ctx, workScript) }

func serveScript(ctx *fasthttp.RequestCtx, script []byte) {
	h := &ctx.Response.Header
	h.SetContentType("text/javascript; charset=utf-8")
	h.Set(fasthttp.HeaderCacheControl, "public, max-age=300")
	h.Set(fasthttp.HeaderXContentTypeOptions, "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	ctx.Response.SetBody(script)
}

// holder is who a puzzle is for: the device where it is known, else what the program shows of itself.
func holder(v *visitor.Visitor) string {
	b := binary.BigEndian.AppendUint64(v.Device.ID[:len(v.Device.ID):len(v.Device.ID)], v.Device.Browser)
	return hex.EncodeToString(b)
}

// worked says whether the request shows a solved puzzle of this room and device that nobody has
// shown before. A program without a device cookie gets the device that the puzzle's nonce
// makes: shown once more at another gateway, the puzzle finds the same place.
func (r *Room) worked(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) bool {
	shown := q.Get(workField)
	if r.Work == nil || len(shown) == 0 {
		return false
	}
	now := r.Door.Table.Now()
	nonce, err := r.Work.Puzzles.Check(shown, holder(v), time.UnixMicro(r.Line.View().Now()), func(nonce [16]byte) bool {
		return r.Door.Once(nonce, r.Work.Puzzles.Life, now)
	})
	if err != nil {
		v.Forged = v.Forged || errors.Is(err, altcha.ErrForged)
		return false
	}
	if !v.Known {
		cookie := base64.RawURLEncoding.EncodeToString(nonce[:])
		r.newDevice(ctx, v, []byte(cookie))
	}
	return true
}

// puzzle is a new one for the visitor, who needs a device for it: a browser gets one.
func (r *Room) puzzle(ctx *fasthttp.RequestCtx, v *visitor.Visitor) string {
	if v.Browser || v.Known {
		r.person(ctx, v)
	}
	return string(r.Work.Puzzles.New(holder(v), time.UnixMicro(r.Line.View().Now())))
}

// asks says whether a puzzle is asked for, with what was exceeded; a device that asks too often is
// refused whatever it solves.
func (r *Room) asks(over limits.Verdict) bool { return r.Work != nil && over.By != "device" }

// always says that everybody is asked, and sometimes that those are who asked for too much.
func (r *Room) always() bool {
	return r.Work != nil && r.Work.Always || r.Captcha != nil && r.Captcha.Always
}

func (r *Room) sometimes() bool { return r.Work != nil || r.Captcha != nil }
