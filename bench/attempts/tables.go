package attempts

// methods are those of RFC 9110 and of WebDAV, those of caches, and some of nobody's.
var methods = []string{
	"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "ACL", "BIND", "REBIND", "CHECKOUT", "MERGE", "MKCALENDAR",
	"PURGE", "BAN", "REFRESH", "LINK", "UNLINK", "QUERY", "DEBUG", "TRACK", "SUBSCRIBE", "NOTIFY", "M-SEARCH",
	"get", "Get", "gET", "post", "G3T", "XGET", "GETX", "G", "INVENTED", "GET\x00", "GE\tT",
}

// hostLines are Host fields, whole lines; the site's own name is {host}.
var hostLines = []string{
	"X: y", "Host:", "Host: ", "Host: evil.example", "Host: localhost", "Host: 127.0.0.1", "Host: 127.0.0.1:9000", "Host: evil.example@{host}", "Host: {host}@evil.example",
	"Host: {host}:80:80", "Host: {host}:x", "Host: {host}, evil.example", "Host: {host}\r\nHost: evil.example", "Host: evil.example\r\nHost: {host}", "Host: {host}\r\nHost: {host}",
	"Host: {host}/book", "Host: {host}#x", "Host: {host}?x", "Host: {host}\\x", "Host: [::1]", "Host: [::1", "Host: [evil]", "Host: .", "Host: ..", "Host: {host}..", "Host: .{host}",
	"Host : {host}", " Host: {host}", "Host: {host}\tx", "Host: *", "Host: %7bhost%7d", "Host: a.{host}", "Host: http://{host}", "Host: //{host}", "Host: {host}\x00", "Host: {host};x", "Host\t: {host}",
	"hOST: {host}\r\nhost: evil.example", "Host: evil.example\r\n {host}", "X-Forwarded-Host: {host}", "Host: evil.example\r\nX-Forwarded-Host: {host}", "Host: {host}\r\nX-Forwarded-Host: evil.example", "Host: {host}",
}

// targetFields claim another address than the request has.
var targetFields = []string{
	"X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Override-URL", "X-Forwarded-Prefix", "X-Forwarded-Path", "X-Forwarded-Uri", "X-HTTP-DestinationURL", "X-HTTP-Path-Override", "X-Proxy-URL",
	"X-Accel-Redirect", "X-Accel-Buffering", "X-Sendfile", "X-Envoy-Original-Path", "Request-Uri", "Base-Url", "Destination-Url", "Redirect-Url", "X-Original-Host",
	"X-Host", "X-Forwarded-Server", "X-Forwarded-Scheme", "X-Request-URI", "X-Script-Name", "X-Arr-Url", "X-Matched-Path",
}

// methodFields claim another method.
var methodFields = []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "X-Forwarded-Method"}

// addressFields claim another visitor's address, scheme or host.
var addressFields = []string{
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-By", "X-Forwarded-Port", "X-Forwarded", "Forwarded", "Forwarded-For", "X-Real-IP", "True-Client-IP", "Client-IP", "X-Client-IP",
	"CF-Connecting-IP", "Fastly-Client-IP", "X-Cluster-Client-IP", "Cluster-Client-IP", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-ProxyUser-IP", "WL-Proxy-Client-IP", "Proxy-Client-IP",
	"X-Azure-ClientIP", "X-Custom-IP-Authorization", "X-Original-Forwarded-For", "X-Envoy-External-Address", "Proxy", "X-SSL-Client-Verify", "Front-End-Https", "Via",
}
