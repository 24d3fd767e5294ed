package page

import "strconv"

// appendStanding writes the standing as JSON for an attribute in single quotes: what HTML or JavaScript could read as
// its own is written as \u escapes, so that no second escaping is needed.
func (v *view) appendStanding(dst []byte) []byte {
	dst = appendJSONString(append(dst, `{"room":`...), v.Room)
	dst = appendJSONString(append(dst, `,"state":`...), v.State)
	dst = appendCount(append(dst, `,"position":`...), v.Position)
	dst = appendCount(append(dst, `,"waiting":`...), v.Waiting)
	dst = appendSeconds(append(dst, `,"eta_seconds":{"low":`...), v.Low)
	dst = appendSeconds(append(dst, `,"high":`...), v.High)
	dst = strconv.AppendInt(append(dst, `},"next_poll_ms":`...), v.pollMS(), 10)
	dst = appendJSONInstant(append(dst, `,"enter_at":`...), v.EnterAt)
	dst = appendJSONInstant(append(dst, `,"opens_at":`...), v.OpensAt)
	dst = appendJSONInstant(append(dst, `,"server_time":`...), v.ServerTime)
	dst = appendJSONString(append(dst, `,"message":`...), v.Message)
	dst = appendCount(append(dst, `,"ticket_number":`...), v.TicketNumber)
	return append(dst, '}')
}

func appendCount(dst []byte, n int64) []byte {
	if n <= 0 {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, n, 10)
}

func appendSeconds(dst []byte, n int64) []byte {
	if n < 0 {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, n, 10)
}

func appendJSONInstant(dst []byte, micros int64) []byte {
	if micros <= 0 {
		return append(dst, "null"...)
	}
	return append(appendInstant(append(dst, '"'), micros), '"')
}

func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r < ' ', r == '"', r == '\\', r == '\'', r == '<', r == '>', r == '&', r == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		case r == '\u2028', r == '\u2029':
			dst = append(dst, '\\', 'u', '2', '0', '2', hex[r&15])
		default:
			dst = append(dst, string(r)...)
		}
	}
	return append(dst, '"')
}
