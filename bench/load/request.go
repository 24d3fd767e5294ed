package load

// requests writes what visitors ask, ready for the wire.
type requests struct {
	// fields are those that all requests have, to the end of the last one's line.
	fields string
	pages  []string
}

// agent is what the generator calls itself: tickets are bound to it.
const agent = "waitroom-rush"

func newRequests(p *Plan) requests {
	return requests{" HTTP/1.1\r\nHost: " + p.Host + "\r\nUser-Agent: " + agent + "\r\nAccept: application/json\r\n", p.Pages}
}

// append writes a visitor's next request.
func (q *requests) append(b []byte, v *visitor, room string) []byte {
	switch v.act {
	case join:
		return q.call(b, "join", room, v)
	case reload:
		return q.call(b, "join", room, v)
	case enter:
		return q.call(b, "enter", room, v)
	case leave:
		return q.call(b, "leave", room, v)
	case page:
		b = append(b, "GET "...)
		b = append(b, q.pages[int(v.pages)%len(q.pages)]...)
		b = append(q.device(append(b, q.fields...), v.id), "Waitroom-Pass: "...)
		return append(append(b, v.pass...), "\r\n\r\n"...)
	default:
		return q.status(b, room, v)
	}
}

func (q *requests) status(b []byte, room string, v *visitor) []byte {
	b = append(append(append(b, "GET /.waitroom/"...), room...), "/status"...)
	return append(q.head(b, v), "\r\n"...)
}

func (q *requests) call(b []byte, name, room string, v *visitor) []byte {
	b = append(append(append(b, "POST /.waitroom/"...), room...), '/')
	b = append(b, name...)
	return append(q.head(b, v), "Content-Length: 0\r\n\r\n"...)
}

func (q *requests) head(b []byte, v *visitor) []byte {
	b = q.device(append(b, q.fields...), v.id)
	if len(v.ticket) > 0 {
		b = append(append(append(b, "Waitroom-Ticket: "...), v.ticket...), "\r\n"...)
	}
	return b
}
