package token

// Ticket is a signed place in one room's line, held by one device. Times are microseconds on the store's clock.
type Ticket struct {
	Room    string   // the audience: [a-z0-9-]{1,32}
	ID      [12]byte // see Keys.TicketID
	Place   int64    // microseconds; 0 when Drawn
	Drawn   bool     // the place comes from the draw, see Keys.DrawPlace, and is not written in the ticket
	Opening int64    // of which opening the draw is; 0 when not Drawn
	Stamped bool     // the place is a gateway's time stamp; the store has not seen it yet
	Number  int64    // the ticket number shown to people; 0 is unknown
	// Position is the lowest position that was shown when it was signed: no later one is to be above it. 0 is none.
	Position int64
	Epoch    string // identity of the store's state that gave the place; printable ASCII, at most 128 bytes
	Device   Device // whom it is bound to
	// Subject is the person behind it, see Keys.Subjects; zero where identity is off.
	Subject [16]byte
	// Held is since when the device holds the person, in microseconds: above 0 exactly where there is a Subject.
	Held int64
	// Facts are what eligibility has to know of the person, as one number; 0 is none.
	Facts   int64
	App     bool  // was handed out in a body to a client without cookies: the device cookie is not asked for
	Issued  int64 // written as whole seconds, rounded down
	Expires int64 // written as whole seconds, rounded down; at most 366 days after Issued. At this instant it is over
}

// What is told by single bits in the claim flg.
const (
	flagDrawn = 1 << iota
	flagStamped
	flagApp
	flagsEnd
)

// The claims, in this order: iss, aud, sub (the person, if any), jti, iat, nbf (the same as iat), exp, epc (epoch), plc (place, unless drawn),
// num (number, if known), pos (lowest position shown, if any), hld (since when the person is held by the device, if there is one), fct
// (what is known of the person, if anything), flg (flags, if any), dev and brw (the device), net (its network, if
// bound), cnf.jkt (the thumbprint of its key, if any; RFC 7800). A gateway that does not know a claim refuses the ticket instead
// of overlooking a binding.

// AppendTicket signs t with the newest ticket key and appends it to dst. It panics on a room name or an epoch that cannot be
// in a token, and on negative numbers: these never come from outside.
func (k *Keys) AppendTicket(dst []byte, t *Ticket) []byte {
	m := k.ticket.macs.get()
	defer k.ticket.macs.put(m)
	start := len(dst)
	dst = append(append(dst, k.ticket.header...), '.')
	dst = strict.AppendEncode(dst, t.appendClaims(m.buf[:0]))
	signature := m.signature(dst[start:])
	return append(append(dst, '.'), signature...)
}

func (t *Ticket) appendClaims(b []byte) []byte {
	if t.hasSubject() != (t.Held > 0) || t.Facts != 0 && !t.hasSubject() {
		panic("BUG: a ticket with half a person")
	}
	b = appendRoom(b, `{"iss":"`+issuer+`","aud":"`, t.Room)
	if t.hasSubject() {
		b = appendBytes(b, `","sub":"`, t.Subject[:])
	}
	b = appendBytes(b, `","jti":"`, t.ID[:])
	b = appendNumber(b, `","iat":`, t.Issued/second)
	b = appendNumber(b, `,"nbf":`, t.Issued/second)
	b = appendNumber(b, `,"exp":`, life(t.Issued, t.Expires)/second)
	b = appendText(b, `,"epc":"`, t.Epoch)
	b = append(b, '"')
	if t.Drawn {
		b = appendNumber(b, `,"opn":`, t.Opening)
	} else {
		b = appendNumber(b, `,"plc":`, t.Place)
	}
	if t.Number != 0 {
		b = appendNumber(b, `,"num":`, t.Number)
	}
	if t.Position != 0 {
		b = appendNumber(b, `,"pos":`, t.Position)
	}
	if t.Held != 0 {
		b = appendNumber(b, `,"hld":`, t.Held)
	}
	if t.Facts != 0 {
		b = appendNumber(b, `,"fct":`, t.Facts)
	}
	if flags := t.flags(); flags != 0 {
		b = appendNumber(b, `,"flg":`, flags)
	}
	return append(t.Device.appendClaims(b), '}')
}

func (t *Ticket) hasSubject() bool { return t.Subject != [16]byte{} }

func (t *Ticket) flags() (flags int64) {
	if t.Drawn {
		flags |= flagDrawn
	}
	if t.Stamped {
		flags |= flagStamped
	}
	if t.App {
		flags |= flagApp
	}
	return flags
}

// ReadTicket verifies raw and returns the ticket, if it was made for room and is valid at now; otherwise ErrMalformed,
// ErrSignature, ErrForeign, ErrExpired, or ErrNotYet where it was issued more than 5 s after now. The device is not
// checked: see Device.Same. It keeps nothing of raw.
func (k *Keys) ReadTicket(raw []byte, room string, now int64) (Ticket, error) {
	c, err := split(raw)
	if err != nil {
		return Ticket{}, err
	}
	key, known := k.tickets[string(c.header)]
	if !known {
		return Ticket{}, ticketHeader.refusal(c.header)
	}
	m := key.macs.get()
	defer key.macs.put(m)
	if !m.verifies(c.signed, c.signature) {
		return Ticket{}, ErrSignature
	}
	claims, ok := decode(m.buf[:], c.claims)
	if !ok {
		return Ticket{}, ErrMalformed
	}
	t := Ticket{Room: room}
	if err := t.scan(claims, &k.epochs); err != nil {
		return Ticket{}, err
	}
	if err := checkTimes(t.Issued, t.Expires, now); err != nil {
		return Ticket{}, err
	}
	return t, nil
}

// scan reads claims into t, whose Room is the one that is expected.
func (t *Ticket) scan(claims []byte, epochs *interned) error {
	s := scanner{rest: claims}
	foreign := s.audience(t.Room)
	person := s.optional(`","sub":"`)
	if person {
		s.bytes(t.Subject[:])
		s.bad = s.bad || !t.hasSubject()
	}
	s.literal(`","jti":"`)
	s.bytes(t.ID[:])
	s.literal(`","iat":`)
	t.Issued = s.seconds()
	s.literal(`,"nbf":`)
	notBefore := s.seconds()
	s.literal(`,"exp":`)
	t.Expires = s.seconds()
	s.literal(`,"epc":"`)
	epoch := s.text(maxText)
	s.literal(`"`)
	placed := s.optional(`,"plc":`)
	if placed {
		t.Place = s.number()
	} else {
		s.literal(`,"opn":`)
		if t.Opening = s.number(); t.Opening <= 1 {
			s.bad = true
		}
	}
	t.Number = s.above0(`,"num":`)
	t.Position = s.above0(`,"pos":`)
	t.Held = s.above0(`,"hld":`)
	t.Facts = s.above0(`,"fct":`)
	if s.optional(`,"flg":`) {
		flags := s.number()
		t.Drawn, t.Stamped, t.App = flags&flagDrawn != 0, flags&flagStamped != 0, flags&flagApp != 0
		if flags == 0 || flags >= flagsEnd {
			s.bad = true
		}
	}
	t.Device.scan(&s)
	s.literal(`}`)
	if !s.done() || placed == t.Drawn || notBefore != t.Issued || person != (t.Held != 0) || t.Facts != 0 && !person {
		return ErrMalformed
	}
	if foreign {
		return ErrForeign
	}
	t.Epoch = epochs.text(epoch)
	return nil
}

// audience reads the issuer and the audience, and tells whether either is another than expected.
func (s *scanner) audience(room string) (foreign bool) {
	s.literal(`{"iss":"`)
	iss := s.text(maxText)
	s.literal(`","aud":"`)
	aud := s.text(maxText)
	return string(iss) != issuer || string(aud) != room
}
