package provider

import (
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Serve runs a provider at an address, as in 127.0.0.1:0, until stop is called. Where the configuration names no issuer,
// the address is it.
func Serve(address string, c Config) (p *Provider, stop func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, nil, err
	}
	if c.Issuer == "" {
		c.Issuer = "http://" + l.Addr().String()
	}
	p = New(c)
	s := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	return p, func() {
		_ = s.Close()
		<-done
	}, nil
}

// Issuer is its address as its clients know it.
func (p *Provider) Issuer() string { return p.c.Issuer }
