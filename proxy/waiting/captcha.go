package waiting

import (
	"context"
	_ "embed"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/limits/captcha"
	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
)

// Captcha asks for a token of a provider before a new place is given.
type Captcha struct {
	Verifier *captcha.Verifier
	// Always asks everybody; else only those who have asked for too much from there.
	Always bool
	// RefuseWhenDown gives no place where the provider does not tell; else one is given, at which
	// nobody enters at once.
	RefuseWhenDown bool
	// Shown is what the page's script needs, as JSON, and Origins what its policy has to name.
	Shown, Origins string
	// Told is told of each question and its error, nil where there was none.
	Told func(error)
}

// captchaField carries the token.
const captchaField = "Waitroom-Captcha"

// CaptchaScript is the address of the script that shows the provider's check.
const CaptchaScript = "captcha.js"

//go:embed captcha.js
var captchaScript []byte

// ServeCaptcha answers with the script. It is the same for everybody, and no secret.
func ServeCaptcha(ctx *fasthttp.RequestCtx) { serveScript(ctx, captchaScript) }

// passed says whether the request shows a token that the provider takes. Where the provider does not
// tell it is taken for good, if the room says so; the visitor then waits at least for one call.
func (r *Room) passed(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) bool {
	shown := q.Get(captchaField)
	if r.Captcha == nil || len(shown) == 0 {
		return false
	}
	good, err := r.Captcha.Verifier.Verify(context.Background(), string(shown), strict.ClientAddr(ctx, r.Trusted))
	if r.Captcha.Told != nil {
		r.Captcha.Told(err)
	}
	if err != nil && !r.Captcha.RefuseWhenDown {
		v.Unproved = true
		return true
	}
	return good
}
