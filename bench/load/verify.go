package load

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// maxTries is how often somebody tries to be verified before they give up.
const maxTries = 20

// verified counts what became of verifications.
type verified struct {
	started, done atomic.Int64
	mu            sync.Mutex
	refused       map[string]int64
	providers     []ProviderReport
	changes       []LightChange
}

func (i *verified) refuse(why string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.refused == nil {
		i.refused = map[string]int64{}
	}
	if _, known := i.refused[why]; !known && len(i.refused) >= maxFailures {
		why = "other"
	}
	i.refused[why]++
}

// at counts for the provider where somebody is.
func (i *verified) at(id *verifying, count func(*ProviderReport)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	count(&i.providers[id.at])
}

// offer is a provider as the gateway offers it.
type offer struct {
	Name   string `json:"name"`
	Light  string `json:"light"`
	Paused bool   `json:"paused"`
}

// offers reads those of an answer, in their order.
func offers(body []byte) []offer {
	var s struct{ Providers []offer }
	if json.Unmarshal(body, &s) != nil {
		return nil
	}
	return s.Providers
}

// verifies is what follows from an answer on the way to a place.
func (r *run) verifies(v *visitor, a *answer, now, took int64) bool {
	switch v.act {
	case choose:
		return r.chooses(v, a, now)
	case login:
		return r.begins(v, a, now)
	case atProvider:
		return r.returns(v, a, now)
	}
	return r.isBack(v, a, now, took)
}

// chooses picks a provider by the lights.
func (r *run) chooses(v *visitor, a *answer, now int64) bool {
	all := offers(a.body)
	if len(all) == 0 {
		return r.inVain(v, a, now)
	}
	id, mine := v.id, r.plan.Identity.Providers
	take := taken(all, mine[id.favourite].Name, id)
	if id.tries > 0 && !id.stubborn && take == mine[id.at].Name && len(all) > 1 {
		all = slices.DeleteFunc(all, func(o offer) bool { return o.Name == take }) // not there again
		take = all[0].Name
	}
	id.at = id.favourite // where the gateway offers one that the plan does not know
	for i := range mine {
		if mine[i].Name == take {
			id.at = i
		}
	}
	v.act = login
	v.later(now, 0)
	return true
}

// taken is the provider that somebody takes of those offered.
func taken(all []offer, favourite string, id *verifying) string {
	for _, o := range all {
		flows := o.Light == "smooth" || o.Light == "delayed"
		if o.Name == favourite && !o.Paused && (id.stubborn || flows && id.tries == 0) {
			return o.Name
		}
	}
	return all[0].Name
}

// begins takes the way to the provider, where people need their time.
func (r *run) begins(v *visitor, a *answer, now int64) bool {
	var to struct{ URL, Flow, Device string }
	if a.status != 200 || json.Unmarshal(a.body, &to) != nil {
		return r.inVain(v, a, now)
	}
	u, err := url.Parse(to.URL)
	if err != nil || u.Host == "" {
		return r.inVain(v, a, now)
	}
	id := v.id
	id.flow, id.host, id.path = to.Flow, u.Scheme+"://"+u.Host, u.RequestURI()+"&person="+strconv.Itoa(id.person)
	if to.Device != "" {
		id.device = []byte(to.Device)
	}
	r.identity.started.Add(1)
	r.identity.at(id, func(p *ProviderReport) { p.Started++ })
	v.act = atProvider
	v.later(now, time.Duration(float64(r.plan.Identity.Takes)*(0.5+id.random.Float64())))
	return true
}

// returns takes what the provider sends back.
func (r *run) returns(v *visitor, a *answer, now int64) bool {
	u, err := url.Parse(string(a.location))
	if a.status != 302 && a.status != 303 || err != nil {
		return r.pageFailed(v, now)
	}
	q := u.Query()
	v.id.back, _ = json.Marshal(map[string]string{ // strings: cannot fail
		"flow": v.id.flow, "code": q.Get("code"), "state": q.Get("state"), "iss": q.Get("iss"), "error": q.Get("error"),
	})
	v.act = back
	v.later(now, 0)
	return true
}

// pageFailed is that the provider's page did not do: people go back and choose again.
func (r *run) pageFailed(v *visitor, now int64) bool {
	r.identity.at(v.id, func(p *ProviderReport) { p.PageFailed++ })
	r.identity.refuse("provider's page")
	return r.again(v, now, patience)
}

// isBack is what the gateway says of the answer: a place, or why there is none.
func (r *run) isBack(v *visitor, a *answer, now, took int64) bool {
	switch reason := string(a.problem); {
	case a.status == 200:
		r.verifiedAt(v.id)
		v.id.flow, v.id.back, v.id.path = "", nil, ""
		v.act = join
		return r.stands(v, a, now, took)
	case reason == "device-conflict", reason == "not-eligible":
		r.verifiedAt(v.id)
		r.identity.refuse(reason)
		r.tally.away.Add(1)
		return false
	case reason == "store-away":
		r.identity.refuse(reason)
		v.id.keepFlow(a.body)
		v.later(now, patience)
		return true
	}
	return r.inVain(v, a, now)
}

// keepFlow takes the flow of an answer in place of the one that was shown: in it is that the person is verified already.
func (id *verifying) keepFlow(body []byte) {
	var s struct{ Flow string }
	if json.Unmarshal(body, &s) == nil && s.Flow != "" {
		id.back, _ = json.Marshal(map[string]string{"flow": s.Flow}) // strings: cannot fail
	}
}

func (r *run) verifiedAt(id *verifying) {
	r.identity.done.Add(1)
	r.identity.at(id, func(p *ProviderReport) { p.Verified++ })
}

// inVain is that the gateway refused a verification: people choose again.
func (r *run) inVain(v *visitor, a *answer, now int64) bool {
	reason := string(a.problem)
	if reason == "" {
		r.failure(v.act, a)
		reason = v.act.String() + " " + strconv.Itoa(a.status)
	}
	r.identity.refuse(reason)
	if v.act != choose {
		r.identity.at(v.id, func(p *ProviderReport) { p.Failed++ })
	}
	return r.again(v, now, max(a.nextPoll%(5*time.Second), patience))
}

// again lets somebody choose once more, until they give up.
func (r *run) again(v *visitor, now int64, pause time.Duration) bool {
	if v.id.tries++; v.id.tries >= maxTries {
		r.identity.refuse("gave up")
		r.tally.away.Add(1)
		return false
	}
	v.act = choose
	v.later(now, pause)
	return true
}

// identityRequest writes what a visitor asks on the way to a place.
func (q *requests) identityRequest(b []byte, v *visitor, p *Plan, room string) []byte {
	id := v.id
	switch v.act {
	case choose:
		b = append(append(append(b, "GET /.waitroom/"...), room...), "/login"...)
		return append(q.device(append(b, q.fields...), id), "\r\n"...)
	case atProvider:
		_, host, _ := bytes.Cut([]byte(id.host), []byte("://"))
		b = append(append(append(b, "GET "...), id.path...), " HTTP/1.1\r\nHost: "...)
		return append(append(b, host...), "\r\nUser-Agent: "+agent+"\r\nAccept-Language: en\r\n\r\n"...)
	}
	body, rest := id.back, "/callback"
	if v.act == login {
		body, _ = json.Marshal(map[string]string{"redirect": p.Identity.Redirect, "return": "/"}) // strings: cannot fail
		rest = ""
	}
	b = append(append(append(b, "POST /.waitroom/"...), room...), "/login/"...)
	b = append(append(append(b, p.Identity.Providers[id.at].Name...), rest...), q.fields...)
	b = append(q.device(b, id), "Content-Type: application/json\r\nContent-Length: "...)
	return append(append(strconv.AppendInt(b, int64(len(body)), 10), "\r\n\r\n"...), body...)
}

// device writes the device that was given to a visitor, which their ticket and pass are bound to.
func (q *requests) device(b []byte, id *verifying) []byte {
	if id == nil || len(id.device) == 0 {
		return b
	}
	return append(append(append(b, "Waitroom-Device: "...), id.device...), "\r\n"...)
}
