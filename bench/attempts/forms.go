package attempts

// The forms are written as bytes: fields with their line ends, and a body. What stands
// behind them is a second request.

// zero is a chunked body of nothing.
const zero = "0\r\n\r\n"

var lengthAndChunked = []form{
	{name: "CL.TE", fields: "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n", body: zero},
	{name: "TE.CL", fields: "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body: zero},
	{name: "CL.TE, length 0", fields: "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", body: zero},
	{name: "TE.CL, length 3", fields: "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", body: zero},
	{name: "CL.TE with keep-alive", fields: "Connection: keep-alive\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n", body: zero},
	{name: "CL.TE, length in Connection", fields: "Connection: Content-Length\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n", body: zero},
	{name: "TE.CL, coding in Connection", fields: "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", body: zero},
	{name: "CL.TE, lower case", fields: "content-length: {length}\r\ntransfer-encoding: chunked\r\n", body: zero},
	{name: "CL.TE, identity", fields: "Content-Length: {length}\r\nTransfer-Encoding: identity\r\n", body: zero},
}

// codings hide a Transfer-Encoding from one of two servers, with a length for the other.
var codings = hidden("Content-Length: 5\r\n",
	"Transfer-Encoding: xchunked\r\n", "Transfer-Encoding : chunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
	"Transfer-Encoding:\tchunked\r\n", " Transfer-Encoding: chunked\r\n", "X: X\n Transfer-Encoding: chunked\r\n", "X: X\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding\r\n : chunked\r\n",
	"Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: identity, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: \"chunked\"\r\n",
	"Transfer-Encoding: chunked;q=0\r\n", "Transfer-Encoding: chunked;x=y\r\n", "Transfer-Encoding: \x0bchunked\r\n", "Transfer-Encoding: chunked\x0b\r\n", "Transfer-Encoding: \x00chunked\r\n",
	"Transfer-Encoding: \xa0chunked\r\n", "Transfer-Encoding: chu\xc2\xadnked\r\n", "Transfer-Encoding: CHUNKED,\r\n", "Transfer-Encoding: ,chunked\r\n", "Transfer_Encoding: chunked\r\n",
	"TRANSFER-ENCODING: chunked\r\ntransfer-encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunk\r\n", "Transfer-\x00Encoding: chunked\r\n", "Transfer-Encoding: c\rhunked\r\n",
)

func hidden(length string, fields ...string) []form {
	var all []form
	for _, f := range fields {
		all = append(all, form{name: f, fields: length + f, body: zero})
	}
	return all
}

var lengths = func() []form {
	var all []form
	for _, f := range []string{
		"Content-Length: 0\r\nContent-Length: {length}\r\n", "Content-Length: {length}\r\nContent-Length: 0\r\n", "Content-Length: 0\r\nContent-Length: 0\r\n", "Content-Length: 0, {length}\r\n", "Content-Length: 0,0\r\n",
		"Content-Length: +5\r\n", "Content-Length: -5\r\n", "Content-Length: -0\r\n", "Content-Length: 0x5\r\n", "Content-Length: 5.0\r\n", "Content-Length: 5e0\r\n", "Content-Length: 5 5\r\n", "Content-Length: 5a\r\n",
		"Content-Length:\r\n", "Content-Length: \r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: 18446744073709551616\r\n", "Content-Length: 4294967296000000000000\r\n", "Content-Length: \x005\r\n", "Content-Length: 5\x00\r\n",
		"Content-Length: \x0b5\r\n", "Content-Length : 5\r\n", " Content-Length: 5\r\n", "Content-Length:\r\n 5\r\n", "Content-Length: \"5\"\r\n", "Content-Length: 5;x\r\n", "Content_Length: 5\r\nContent-Length: 0\r\nContent-Length: 5\r\n", "Content-Length: \xd9\xa5\r\n", "Content-Length: 5_0\r\n", "Content-Length: 5\rContent-Length: 0\r\n",
	} {
		all = append(all, form{name: f, fields: f, body: "x=yzw"})
	}
	return all
}()

var brokenLines = func() []form {
	const length = "Content-Length: 0\r\n"
	var all []form
	for _, f := range []string{
		"X: a\r\n b\r\n", "X: a\r\n\tb\r\n", "X:\r\n b\r\n", " X: a\r\n", "\tX: a\r\n", "X : a\r\n", "X\t: a\r\n", "X: a\x00b\r\n", "X\x00: a\r\n", "X: a\rb\r\n", "X: a\r\rY: b\r\n", "X: a\nY: b\r\n", "X: a\n", "no colon\r\n", ": a\r\n", "X_Y: a\r\n",
		"X Y: a\r\n", "X(: a\r\n", "X: a\x01\r\n", "X: a\x7f\r\n", "X\x80: a\r\n", "\x00X: a\r\n", "X;: a\r\n", "X\": a\r\n", "X/: a\r\n", "X: a\r\n\n", "\rX: a\r\n", "X: a\r\n\rY: b\r\n", "[X]: a\r\n", "X,: a\r\n", "{X}: a\r\n", "GET / HTTP/1.1\r\n",
	} {
		all = append(all, form{name: f, fields: length + f}, form{name: "first: " + f, fields: f + length})
	}
	return all
}()

var chunks = func() []form {
	var all []form
	for _, body := range []string{
		"+0\r\n\r\n", "-0\r\n\r\n", "0x0\r\n\r\n", " 0\r\n\r\n", "\t0\r\n\r\n", "00000000000000000000\n\n", "0\n\n", "0\n\r\n", "0\r\r\n\r\n", "0\r\n\r", "g\r\n\r\n", "\r\n0\r\n\r\n", "3\r\nabc0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3\r\nab\r\n0\r\n\r\n",
		"3\nabc\n0\r\n\r\n", "ffffffffffffffff\r\nabc\r\n0\r\n\r\n", "10000000000000003\r\nabc\r\n0\r\n\r\n", "80000000\r\nabc\r\n0\r\n\r\n", "3;\nx\r\nabc\r\n0\r\n\r\n", "3;a\rb\r\nabc\r\n0\r\n\r\n", "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n\r\n0\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nno colon\r\n\r\n", "3 3\r\nabc\r\n0\r\n\r\n", "\x003\r\nabc\r\n0\r\n\r\n", "3,\r\nabc\r\n0\r\n\r\n",
	} {
		all = append(all, form{name: "chunks " + body, fields: "Transfer-Encoding: chunked\r\n", body: body})
	}
	// Odd trailers end the body all the same, and are not passed on.
	for _, body := range []string{"0\r\n\n", "0\r\nX : y\r\n\r\n", "0\r\nX: y\n\r\n"} {
		all = append(all, form{name: "chunks " + body, fields: "Transfer-Encoding: chunked\r\n", body: body, lenient: true})
	}
	return all
}()
