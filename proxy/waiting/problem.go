package waiting

import (
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/traffic"
)

// problem is why a call was not done, as a value; none is no problem. Each is told
// with one text, whatever the reason behind it: no answer tells a forged ticket from
// an expired one.
type problem struct {
	status int
	slug   string
	title  string
	detail string
}

var (
	none        = problem{}
	notAdmitted = problem{429, "not-admitted", "Please wait for your turn",
		"This address is protected by a waiting room. POST /.waitroom/{room}/join takes a place, or login/{provider} where people are verified, and enter turns it into a pass."}
	notCalled   = problem{409, "not-called", "It is not your turn yet", "Ask again after next_poll_ms."}
	noTicket    = problem{404, "no-ticket", "There is no valid ticket in this request", "POST join takes a place, or finds the one you have; where people are verified, POST login/{provider} does."}
	otherDevice = problem{403, "other-device", "This ticket belongs to another device", "A place cannot be carried to another browser or device."}
	noPass      = problem{404, "no-pass", "There is no valid pass in this request", "POST enter turns a called ticket into one."}
	useNonce    = problem{401, "use-nonce", "This call has to be signed by the device's key",
		"Send Waitroom-Proof: a proof over the nonce in Waitroom-Nonce, this call, and the ticket or pass that goes with it."}
	keyRequired = problem{401, "key-required", "This room lets in devices with a key only",
		"POST device with a Waitroom-Proof registers one. Browsers need JavaScript, https, and storage for this site."}
	proveDevice = problem{403, "prove-device", "There are copies of this pass", "POST prove with a Waitroom-Proof over it: the device that holds the key goes on."}
	unconfirmed = problem{403, "unconfirmed-device", "This request does not show that it comes from the browser that entered",
		"A browser that holds the key of its session renews its bound cookie and comes again; nobody else can."}
	over           = problem{410, "ticket-over", "This ticket has been used", "POST join takes a new place."}
	storeAway      = problem{503, "store-away", "Your place is kept", "Nobody is let in at the moment. Ask again after next_poll_ms."}
	tooMany        = problem{429, "too-many-requests", "Too many requests came from there", "Ask again after Retry-After. Valid tickets and passes go on working."}
	workWanted     = problem{429, "work-wanted", "A puzzle is to be solved before a place is given", "Solve the challenge (ALTCHA, version 2), and POST join with the payload in Waitroom-Work."}
	captchaWanted  = problem{429, "captcha-wanted", "A check is to be passed before a place is given", "POST join with the provider's token in Waitroom-Captcha."}
	crossSite      = problem{403, "cross-site", "This call came from another site", "Only the waiting room's own page and apps may make it."}
	badMethod      = problem{405, "method-not-allowed", "This call takes another method", "See the Allow field."}
	unknownCall    = problem{404, "no-such-call", "There is no such call", "The calls are join, status, enter and leave; device and prove where devices have keys; login and window.ics where people are verified."}
	tooEarly       = problem{425, "too-early", "This call came in early data", "Early data may be a copy. Make the call again after the handshake (RFC 8470)."}
	badBody        = problem{400, "bad-body", "The body of this call cannot be read", "Send a form, or JSON of 8 KiB at most."}
	identify       = problem{403, "identify", "You have to say first who you are", "GET login tells who verifies people, and POST login/{provider} begins."}
	deviceConflict = problem{409, "device-conflict", "You are verified on another device", "One person waits on one device. After held_until another one may take over, by verifying again."}
	notEligible    = problem{403, "not-eligible", "You may not enter now", "The reason and next_window say why, and when you may."}
	prefetch       = problem{503, "prefetch", "Nothing is loaded ahead here", "The visitor's own request will be answered."}
)

// problemOf maps an engine's error to what the visitor is told: whatever it was, the
// place is kept, and asking again is harmless.
func (r *Room) problemOf(err error) problem {
	if err == nil {
		return none
	}
	if r.Failed != nil {
		r.Failed(err)
	}
	return storeAway
}

// answerProblem writes an RFC 9457 document; with a standing its members are in it.
func answerProblem(ctx *fasthttp.RequestCtx, p problem, s *standing) {
	counted(ctx, p)
	ctx.Response.Header.SetNoDefaultContentType(true)
	ctx.SetStatusCode(p.status)
	ctx.Response.Header.SetContentType("application/problem+json")
	protect(ctx)
	if p.status == fasthttp.StatusUnauthorized {
		ctx.Response.Header.Set(fasthttp.HeaderWWWAuthenticate, "Waitroom-Proof")
	}
	var buf [answerSize]byte
	b := append(buf[:0], `{"type":"urn:waitroom:problem:`...)
	b = append(b, p.slug...)
	b = text(append(b, `","title":`...), p.title)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(p.status), 10)
	b = text(append(b, `,"detail":`...), p.detail)
	if s != nil {
		b = strconv.AppendInt(append(b, `,"retry_after":`...), retryAfter(ctx, min(s.NextPoll, maxRetry)), 10)
		b = s.appendMembers(append(b, ','))
	}
	ctx.Response.SetBody(append(b, '}'))
}

// reasons are what refusals about persons are counted as: their statuses are those of others, too.
var reasons = map[problem]traffic.Reason{identify: traffic.Unverified, notEligible: traffic.NotEligible, deviceConflict: traffic.HeldElsewhere}

// countedAs is the key under which a request carries what it is counted as.
type countedAs struct{}

func counted(ctx *fasthttp.RequestCtx, p problem) {
	why, ok := reasons[p]
	if strings.HasPrefix(p.slug, "identity-") {
		why, ok = traffic.Unverified, true
	}
	if ok {
		ctx.SetUserValue(countedAs{}, why)
	}
}

// Refusal is what an answer is counted as, where its status does not tell; false for all others.
func Refusal(ctx *fasthttp.RequestCtx) (traffic.Reason, bool) {
	why, ok := ctx.UserValue(countedAs{}).(traffic.Reason)
	return why, ok
}

// Unconfirmed answers a program that does not show what the session of its pass asks for.
func Unconfirmed(ctx *fasthttp.RequestCtx) { answerProblem(ctx, unconfirmed, nil) }

// maxRetry bounds Retry-After: a lock may be hours.
const maxRetry = 10 * time.Minute

// retryAfter writes whole seconds, at least one, and gives them.
func retryAfter(ctx *fasthttp.RequestCtx, pause time.Duration) int64 {
	seconds := max(1, int64((pause+time.Second-1)/time.Second))
	ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, strconv.FormatInt(seconds, 10))
	return seconds
}

// answerStanding writes a standing as JSON, with 200.
func answerStanding(ctx *fasthttp.RequestCtx, s *standing) {
	ctx.Response.Header.SetContentType("application/json")
	protect(ctx)
	var buf [answerSize]byte
	b := s.appendMembers(append(buf[:0], '{'))
	ctx.Response.SetBody(append(b, '}'))
}

// answerSize is room for a standing without tokens, on the stack.
const answerSize = 1024

// protect keeps an answer of our own out of caches, and from being taken for a page.
func protect(ctx *fasthttp.RequestCtx) {
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.Response.Header.Set(fasthttp.HeaderXContentTypeOptions, "nosniff")
}
