package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// maxAnswer is how long an answer of a provider may be: descriptions and key sets are some kilobytes.
const maxAnswer = 1 << 17

// What is wrong with an answer. What it says is never in an error: it may be personal.
var (
	errLarge    = errors.New("an answer of more than 128 KB")
	errRedirect = errors.New("a redirect instead of an answer")
	errType     = errors.New("an answer that is not JSON")
)

// outbound asks providers: it takes small JSON answers only, and follows nowhere.
type outbound struct{ *http.Transport }

// newClient makes a client for one provider, with connections of its own.
func newClient(c *Config) (*http.Client, *http.Transport, error) {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(c.CA) > 0 {
		tlsConfig.RootCAs = x509.NewCertPool()
		if !tlsConfig.RootCAs.AppendCertsFromPEM(c.CA) {
			return nil, nil, errors.New("ca: no certificates in it; it takes PEM, as in -----BEGIN CERTIFICATE-----")
		}
	}
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: c.Timeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    c.Timeout,
		ResponseHeaderTimeout:  c.Timeout,
		MaxResponseHeaderBytes: 16 << 10,
		MaxConnsPerHost:        c.MaxConcurrent + 2, // the description and the keys are fetched beside
		MaxIdleConnsPerHost:    c.MaxConcurrent,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true,
	}
	return &http.Client{
		Transport:     outbound{t},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, t, nil
}

// RoundTrip asks, and looks at the answer before anybody reads it.
func (o outbound) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "waitroom")
	a, err := o.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch {
	case a.StatusCode >= 300 && a.StatusCode < 400:
		err = errRedirect
	case a.StatusCode == http.StatusOK && !isJSON(a.Header.Get("Content-Type")):
		err = errType
	}
	if err != nil {
		a.Body.Close()
		return nil, err
	}
	a.Body = &bounded{a.Body, maxAnswer}
	return a, nil
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// bounded reads so many bytes, and no more.
type bounded struct {
	io.ReadCloser
	left int
}

// Read fails where more comes than was agreed on.
func (b *bounded) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errLarge
	}
	return n, err
}

// getJSON asks for an address, with a bearer token where there is one.
func getJSON(ctx context.Context, client *http.Client, address, bearer string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	a, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return nil, err
	}
	if a.StatusCode != http.StatusOK {
		return nil, statusError(a.StatusCode)
	}
	return body, nil
}

// statusError is an answer with another status than 200.
type statusError int

// Error names the status.
func (s statusError) Error() string { return fmt.Sprintf("an answer with status %d", int(s)) }

// reason says what was wrong with an answer, or why there was none. It tells the kind only, since errors of libraries quote answers.
func reason(err error) error {
	var (
		status statusError
		said   *oauth2.RetrieveError
		dial   *net.OpError
		name   *net.DNSError
		cert   *tls.CertificateVerificationError
	)
	for _, known := range []error{errLarge, errRedirect, errType, context.Canceled} {
		if errors.Is(err, known) {
			return known
		}
	}
	var late net.Error
	switch {
	case errors.As(err, &said) && said.Response != nil && said.Response.StatusCode != http.StatusOK:
		return statusError(said.Response.StatusCode)
	case errors.As(err, &status):
		return status
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return errors.New("no answer in time")
	case errors.As(err, &name):
		return fmt.Errorf("its name %s is not found", name.Name)
	case errors.As(err, &cert):
		return fmt.Errorf("its certificate: %w", cert.Err)
	case errors.As(err, &dial) && dial.Op == "dial":
		return dial
	}
	return errors.New("the answer broke off, or is not what the protocol says")
}

// checkAddress refuses what is not to be called: all but https, and http on loopback addresses.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return errors.New("not an address like https://id.example/path")
	case u.User != nil || u.Fragment != "" || strings.Contains(address, "#"):
		return errors.New("an address without user and fragment is needed")
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("https is needed; http is taken for loopback addresses only")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
