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
		return q.call(b, "join", room, nil)
	case reload:
		return q.call(b, "join", room, v.ticket)
	case enter:
		return q.call(b, "enter", room, v.ticket)
	case leave:
		return q.call(b, "leave", room, v.ticket)
	case page:
		b = append(b, "GET "...)
		b = append(b, q.pages[int(v.pages)%len(q.pages)]...)
		b = append(append(b, q.fields...), "Waitroom-Pass: "...)
		return append(append(b, v.pass...), "\r\n\r\n"...)
	default:
		return q.status(b, room, v.ticket...)
	}
}

func (q *requests) status(b []byte, room string, ticket ...byte) []byte {
	b = append(append(append(b, "GET /.waitroom/"...), room...), "/status"...)
	return append(q.head(b, ticket), "\r\n"...)
}

func (q *requests) call(b []byte, name, room string, ticket []byte) []byte {
	b = append(append(append(b, "POST /.waitroom/"...), room...), '/')
	b = append(b, name...)
	return append(q.head(b, ticket), "Content-Length: 0\r\n\r\n"...)
}

func (q *requests) head(b, ticket []byte) []byte {
	b = append(b, q.fields...)
	if len(ticket) > 0 {
		b = append(append(append(b, "Waitroom-Ticket: "...), ticket...), "\r\n"...)
	}
	return b
}
