package strict

import "strings"

// Kind says what a header field is to a gateway.
type Kind uint8

// The kinds below fixedKinds stand at most once in a request; a second one is
// refused, because two servers may believe different ones.
const (
	Host Kind = iota
	ContentLength
	TransferEncoding
	ContentType
	Authorization
	Origin
	Cookie
	Expect
	Upgrade
	UserAgent
	SocketKey
	SocketVersion
	Ticket
	Pass
	Proof
	ForwardedProto
	ForwardedHost
	Referer
	FetchSite
	FetchMode
	FetchDest
	Platform
	fixedKinds

	// ForwardedFor is X-Forwarded-For, one list over all its lines.
	ForwardedFor
	// Forwarded is RFC 7239's field.
	Forwarded
	// Via is RFC 9110's field, section 7.6.3.
	Via
	// Connection may stand several times, as one list.
	Connection
	// Hop fields end here (RFC 9110, section 7.6.1).
	Hop
	// Gateway fields are Waitroom-*, which only the gateway sets.
	Gateway
	// Override fields claim another target, method, host or address than the
	// request has; no client may send them on.
	Override
	// Plain fields go on to the backend as they are.
	Plain
)

// longestKnown is the length of the longest name that kindOf knows.
const longestKnown = 32

// KindOf tells what a field of that name, in any spelling, is to a gateway.
func KindOf(name string) Kind {
	low := []byte(strings.ToLower(name))
	if len(low) == 0 || len(low) > longestKnown {
		return prefixKind(low)
	}
	return kindOf(low)
}

// kindOf tells the kind of a field by its name in lower case, of at most
// longestKnown bytes.
func kindOf(n []byte) Kind {
	switch n[0] {
	case 'a', 'h', 'o', 'r', 'u', 'e':
		return commonKind(n)
	case 'c':
		return connectionKind(n)
	case 's':
		return fetchKind(n)
	case 'x':
		return extensionKind(n)
	case 'w':
		return gatewayKind(n)
	default:
		return restKind(n)
	}
}

func commonKind(n []byte) Kind {
	switch string(n) {
	case "host":
		return Host
	case "user-agent":
		return UserAgent
	case "authorization":
		return Authorization
	case "origin":
		return Origin
	case "referer":
		return Referer
	case "expect":
		return Expect
	case "upgrade":
		return Upgrade
	case "http2-settings", "alt-used":
		return Hop
	case "request-uri", "redirect-url":
		return Override
	}
	return Plain
}

func connectionKind(n []byte) Kind {
	switch string(n) {
	case "cookie":
		return Cookie
	case "connection":
		return Connection
	case "content-type":
		return ContentType
	case "content-length":
		return ContentLength
	case "client-ip", "cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "cf-visitor",
		"cf-waiting-room-command", "cluster-client-ip":
		return Override
	}
	return Plain
}

func fetchKind(n []byte) Kind {
	switch string(n) {
	case "sec-fetch-site":
		return FetchSite
	case "sec-fetch-mode":
		return FetchMode
	case "sec-fetch-dest":
		return FetchDest
	case "sec-ch-ua-platform":
		return Platform
	case "sec-websocket-key":
		return SocketKey
	case "sec-websocket-version":
		return SocketVersion
	}
	return Plain
}

func gatewayKind(n []byte) Kind {
	switch string(n) {
	case "waitroom-ticket":
		return Ticket
	case "waitroom-pass":
		return Pass
	case "waitroom-proof":
		return Proof
	case "wl-proxy-client-ip", "wl-proxy-ssl":
		return Override
	}
	return prefixKind(n)
}

func restKind(n []byte) Kind {
	switch string(n) {
	case "transfer-encoding":
		return TransferEncoding
	case "te", "trailer", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate":
		return Hop
	case "forwarded":
		return Forwarded
	case "via":
		return Via
	case "proxy", "proxy-client-ip", "true-client-ip", "fastly-client-ip", "front-end-https", "base-url",
		"destination-url", "forwarded-for":
		return Override
	}
	return Plain
}

func extensionKind(n []byte) Kind {
	switch string(n) {
	case "x-forwarded-for":
		return ForwardedFor
	case "x-forwarded-proto":
		return ForwardedProto
	case "x-forwarded-host":
		return ForwardedHost
	case "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-originating-ip", "x-remote-ip", "x-remote-addr",
		"x-custom-ip-authorization", "x-proxyuser-ip", "x-true-ip", "x-host", "x-http-host-override",
		"x-http-method", "x-http-method-override", "x-method-override", "x-rewrite-url", "x-http-destinationurl",
		"x-sendfile", "x-sendfile-type", "x-sendfile-temporary", "x-url-scheme", "x-scheme", "x-proxy-url", "x-backend-host",
		"x-envoy-original-path", "x-envoy-external-address", "x-appengine-user-ip", "x-azure-clientip", "x-proxy-host",
		"x-forwarded", "x-override-url", "x-http-path-override", "x-request-uri", "x-script-name", "x-matched-path":
		return Override
	}
	return prefixKind(n)
}

// prefixKind knows the families of names. Names of any length come here.
func prefixKind(n []byte) Kind {
	switch {
	case hasPrefixFold(n, "waitroom-"):
		return Gateway
	case hasPrefixFold(n, "x-forwarded-"), hasPrefixFold(n, "x-original-"), hasPrefixFold(n, "x-accel-"),
		hasPrefixFold(n, "x-wr-"), hasPrefixFold(n, "x-waitroom-"), hasPrefixFold(n, "x-arr-"), hasPrefixFold(n, "x-ssl-client-"):
		return Override
	}
	return Plain
}

// equalFold compares with a string that is given in lower case.
func equalFold(b []byte, lower string) bool {
	return len(b) == len(lower) && hasPrefixFold(b, lower)
}

// hasPrefixFold compares ASCII without regard to case; upper-case letters in
// prefix are taken as lower-case ones.
func hasPrefixFold(b []byte, prefix string) bool {
	if len(b) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lowerTable[b[i]] != lowerTable[prefix[i]] {
			return false
		}
	}
	return true
}

var lowerTable = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] |= 0x20
		}
	}
	return t
}()
