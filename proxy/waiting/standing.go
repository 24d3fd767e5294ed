package waiting

import (
	"encoding/json"
	"strconv"
	"time"

	"waitroom/queue"
	"waitroom/token"
)

// standing is what one answer says.
type standing struct {
	queue.Standing
	room    string
	now     int64
	enterAt int64
	opensAt int64
	number  int64
	message string
	// away says that the store is away: the place is kept, and nobody is let in.
	away         bool
	hash, secret string
	ticket, pass []byte
	person
}

// standing is where a ticket stands by the view, at now.
func (r *Room) standing(t *token.Ticket, v *queue.View, now int64) standing {
	s := r.about(v, now)
	s.number = t.Number
	s.Standing = v.Standing(r.place(t, &v.Rules), t.Position, now, random())
	if s.away || t.Stamped {
		s.State, s.Wait = queue.StateRecovering, queue.Wait{Low: -1, High: -1}
		if t.Stamped {
			s.Position = 0
		}
	}
	r.eligibility(&s, t, v, now)
	return s
}

// stands is where a ticket stands that was looked at, and signs the position that is
// shown into what will be issued for it.
func (r *Room) stands(f *found, v *queue.View, now int64) standing {
	s := r.standing(&f.ticket, v, now)
	if f.why == storeAway {
		s.State, s.away = queue.StateRecovering, true
	}
	was, place := f.ticket.Position, r.place(&f.ticket, &v.Rules)
	f.ticket.Position = shown(&f.ticket, &s, v)
	// Another gateway may know less, or round up more: it learns of a lower position by the ticket. One that is called may have
	// been used, and is renewed only when the store has said that it was not.
	f.renew = f.renew || r.Shared && f.ticket.Position != was && place > v.Front
	return s
}

// shown is the position to sign into a ticket: the lowest that it was shown, as far
// as the view knows its place.
func shown(t *token.Ticket, s *standing, v *queue.View) int64 {
	if s.Position == 0 || t.Place > v.Last {
		return t.Position
	}
	return s.Position
}

// facts is what an answer says of the room alone.
func (r *Room) facts(v *queue.View, now int64) standing {
	s := r.about(v, now)
	s.Standing = v.Standing(max(now, v.Front+1), 0, now, random())
	s.Position, s.Wait = 0, queue.Wait{Low: -1, High: -1}
	return s
}

// about is what goes with every standing.
func (r *Room) about(v *queue.View, now int64) standing {
	s := standing{room: r.Name, now: now, opensAt: v.Rules.OpensAt, message: v.Control.Message, away: v.AwayAt(now)}
	s.hash, s.secret = r.fairness(&v.Rules, now)
	return s
}

// admitted is the standing of somebody with a pass from an instant on.
func (r *Room) admitted(v *queue.View, now, entry, number int64) standing {
	s := r.facts(v, now)
	s.State, s.enterAt, s.number = queue.StateAdmitted, entry, number
	s.NextPoll = max(time.Duration(entry-now)*time.Microsecond, 200*time.Millisecond)
	return s
}

// appendMembers writes the members of the standing's JSON object, without braces.
func (s *standing) appendMembers(b []byte) []byte {
	b = append(b, `"room":"`...)
	b = append(b, s.room...)
	b = append(b, `","state":"`...)
	b = append(b, s.State...)
	b = append(b, `","position":`...)
	b = number(b, s.Position)
	b = append(b, `,"waiting":`...)
	b = strconv.AppendInt(b, s.Waiting, 10)
	b = append(b, `,"eta_seconds":`...)
	if s.Wait.Low < 0 {
		b = append(b, "null"...)
	} else {
		b = append(b, `{"low":`...)
		b = strconv.AppendInt(b, s.Wait.Low, 10)
		b = append(b, `,"high":`...)
		b = strconv.AppendInt(b, s.Wait.High, 10)
		b = append(b, '}')
	}
	b = append(b, `,"next_poll_ms":`...)
	b = strconv.AppendInt(b, s.NextPoll.Milliseconds(), 10)
	b = instant(append(b, `,"enter_at":`...), s.enterAt)
	b = instant(append(b, `,"opens_at":`...), s.opensAt)
	b = instant(append(b, `,"server_time":`...), s.now)
	b = append(b, `,"message":`...)
	b = text(b, s.message)
	b = append(b, `,"ticket_number":`...)
	b = number(b, s.number)
	return s.appendRare(b)
}

// appendRare writes the members that most answers do not have.
func (s *standing) appendRare(b []byte) []byte {
	if s.opensAt > s.now {
		b = left(append(b, `,"opens_in":`...), s.opensAt-s.now)
	}
	if s.away {
		b = append(b, `,"store_away":true`...)
	}
	if s.hash != "" {
		b = text(append(b, `,"draw_hash":`...), s.hash)
		b = text(append(b, `,"draw_secret":`...), s.secret)
	}
	b = s.appendPerson(b)
	if len(s.ticket) > 0 {
		b = append(append(append(b, `,"ticket":"`...), s.ticket...), '"')
	}
	if len(s.pass) > 0 {
		b = append(append(append(b, `,"pass":"`...), s.pass...), '"')
	}
	return b
}

// appendPerson writes the members that only verified people have, or lack.
func (s *standing) appendPerson(b []byte) []byte {
	if s.State == queue.StateIdentify {
		b = append(append(append(b, `,"login":"`+own...), s.room...), `/login"`...)
	}
	if s.verifiers != nil {
		b = append(append(b, `,"providers":`...), s.verifiers...)
	}
	if s.stale {
		b = instant(append(b, `,"lights_stale":true,"lights_at":`...), s.lightsAt)
	}
	if s.windowEnds != 0 {
		b = instant(append(b, `,"window_ends":`...), s.windowEnds)
	}
	if s.State == queue.StateNotEligible {
		b = text(append(b, `,"reason":`...), s.reason)
		b = instant(append(b, `,"next_window":{"from":`...), s.from)
		b = instant(append(b, `,"until":`...), s.to)
		if s.from > s.now {
			b = left(append(b, `,"opens_in":`...), s.from-s.now)
		}
		b = append(b, '}')
	}
	if s.until != 0 {
		b = instant(append(b, `,"held_since":`...), s.since)
		b = instant(append(b, `,"held_until":`...), s.until)
		b = text(append(b, `,"held_by":`...), s.family)
	}
	if len(s.flow) > 0 {
		b = append(append(append(b, `,"flow":"`...), s.flow...), '"')
	}
	return b
}

// left writes what is left until an instant, in whole seconds that are over by then.
func left(b []byte, micros int64) []byte { return strconv.AppendInt(b, (micros+second-1)/second, 10) }

func number(b []byte, n int64) []byte {
	if n == 0 {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, n, 10)
}

// instant writes a time as RFC 3339 with microseconds, null for 0. It is in every
// answer, and Format would read its layout anew each time.
func instant(b []byte, at int64) []byte {
	if at == 0 {
		return append(b, "null"...)
	}
	t := time.UnixMicro(at).UTC()
	year, month, day := t.Date()
	hour, minute, sec := t.Clock()
	b = digits(append(b, '"'), year, 4)
	b = digits(append(b, '-'), int(month), 2)
	b = digits(append(b, '-'), day, 2)
	b = digits(append(b, 'T'), hour, 2)
	b = digits(append(b, ':'), minute, 2)
	b = digits(append(b, ':'), sec, 2)
	b = digits(append(b, '.'), t.Nanosecond()/1000, 6)
	return append(b, 'Z', '"')
}

// digits writes the last so many digits of n.
func digits(b []byte, n, width int) []byte {
	b = append(b, "000000"[:width]...)
	for i := len(b) - 1; n > 0 && width > 0; i, width = i-1, width-1 {
		b[i] = '0' + byte(n%10)
		n /= 10
	}
	return b
}

// text writes a string, null for an empty one.
func text(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return quoted(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// quoted writes any text, with what HTML could read as its own escaped.
func quoted(b []byte, s string) []byte {
	q, err := json.Marshal(s)
	if err != nil {
		panic("BUG: a string that is no JSON: " + err.Error())
	}
	return append(b, q...)
}
