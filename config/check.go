package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// check looks at what single values cannot show: whether they are possible together. It changes
// nothing, and of an accepted configuration it finds nothing again.
func (r *reader) check(c *Config) {
	r.listeners(c)
	r.operator(c.Operator)
	if c.DataDir == "" {
		r.report("data_dir", "`data_dir` is empty", "name a folder such as ./waitroom-data")
	}
	r.store(c)
	r.rooms(c)
	r.identity(c)
}

func (r *reader) listeners(c *Config) {
	for path, address := range map[string]string{"listen": c.Listen, "operator.listen": c.Operator.Listen} {
		if err := checkAddress(address, true); err != nil && r.sound(path) {
			r.fault(path, err)
		}
	}
	if !r.sound("listen", "operator.listen") || !meet(c.Listen, c.Operator.Listen) {
		return
	}
	at := "operator.listen"
	if !r.has(at) {
		at = "listen"
	}
	r.report(at, "`listen` and `operator.listen` take the same port", "give operators a port of their own, which visitors cannot reach")
}

func (r *reader) operator(o Operator) {
	if !r.sound("operator.token", "operator.token_file", "operator.listen") {
		return
	}
	token := o.Token.Reveal()
	if strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
		r.report("operator.token", "`operator.token` has spaces or characters that a header cannot carry", "use printable ASCII without spaces, 32 random characters or more")
	}
	if r.has("operator.token") && token == "" {
		r.report("operator.token", "`operator.token` is empty", "write one, or remove the line and listen on a loopback address")
		return
	}
	if token == "" && !loopback(o.Listen) {
		r.report("operator.listen", fmt.Sprintf("operators listen on %s without a token", quote(o.Listen)), "set `operator.token_file`, or listen on a loopback address such as 127.0.0.1:8081")
	}
}

// meet says that two listeners cannot be open at the same time.
func meet(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	if portNumber(portA) != portNumber(portB) || portNumber(portA) == 0 {
		return false
	}
	return wildcard(hostA) || wildcard(hostB) || canonicalHost(hostA) == canonicalHost(hostB)
}

func portNumber(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 16)
	return n
}

func wildcard(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "" || (err == nil && a.IsUnspecified())
}

func loopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	a, err := netip.ParseAddr(canonicalHost(host))
	return err == nil && a.Unmap().IsLoopback()
}

// canonicalHost compares localhost with the address that it nearly always is.
func canonicalHost(host string) string {
	if strings.EqualFold(host, "localhost") {
		return "127.0.0.1"
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().String()
	}
	return strings.ToLower(host)
}
