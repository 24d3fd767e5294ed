package redis

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// shortest leaves out the trials of the rate: they are the same scripts.
const shortest = 1

func TestTheLineKeepsItsPromisesBehindSentinel(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	redistest.StartReplica(t, master)
	on := target{
		options: Options{Sentinels: []string{redistest.StartSentinel(t, master)}, Master: redistest.MasterName},
		masters: []*redistest.Server{master}, longest: shortest,
	}
	queuetest.Run(t, on.bench())
}

func TestTheLineKeepsItsPromisesInACluster(t *testing.T) {
	t.Parallel()
	nodes := redistest.StartCluster(t)
	on := target{options: Options{Cluster: []string{nodes[0].Addr(), nodes[2].Addr()}}, masters: nodes, longest: shortest}
	queuetest.Run(t, on.bench())
}

// everything does each thing that a gateway does once.
func everything(t *testing.T, o Options) {
	t.Helper()
	ctx := context.Background()
	l := room(t, open(t, o), fast())
	in, waits := admit(t, l, 1), mustArrive(t, l, 2)
	l.Touch(queue.PassOf(queuetest.ID(1), in.Entry), in.Entry+second)
	rate, yes, message := 7200.0, true, "soon"
	_, held := l.Hold(ctx, queue.Claim{IDs: []queue.ID{{1}}, Device: [16]byte{1}, State: [16]byte{1}, Invitation: [16]byte{1}, Keep: second})
	for what, err := range map[string]error{
		"hold":    held,
		"leave":   l.Leave(ctx, queuetest.ID(2), waits.Place),
		"set":     l.Set(ctx, queue.Change{By: "op", RatePerHour: &rate, Paused: &yes, Message: &message, SoldOut: &yes}),
		"drop":    l.Set(ctx, queue.Change{By: "op", FileRate: true}),
		"end":     l.End(ctx, queue.PassOf(queuetest.ID(1), in.Entry), queue.WhyRevoked, "op"),
		"refresh": l.Refresh(ctx),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := l.Return(ctx, queue.Arrival{ID: queuetest.ID(3), Place: 5, Foreign: true}); err != nil {
		t.Errorf("return: %v", err)
	}
	for _, after := range []string{"", "-", "0-1"} {
		if records, err := l.Journal(ctx, after, 10); err != nil || len(records) == 0 {
			t.Errorf("the journal after %q has %d records, %v", after, len(records), err)
		}
	}
	l.store.trips.Wait()
}

func TestAGatewayComesByUnixSocket(t *testing.T) {
	server := redistest.Start(t)
	everything(t, Options{URL: "unix://" + server.Socket() + "?db=2"})
}

func TestAGatewayNeedsNoMoreThanTheRightsInDeploy(t *testing.T) {
	rules, err := os.ReadFile("../../deploy/redis-users.acl")
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte("hunter2"))
	login := "user waitroom on resetpass"
	users := filepath.Join(t.TempDir(), "users.acl")
	text := strings.Replace(string(rules), login, login+" #"+hex.EncodeToString(hash[:]), 1)
	if err := os.WriteFile(users, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t, "--aclfile", users)
	everything(t, Options{URL: server.URL(), Username: "waitroom", Password: "hunter2"})
	f := func(o Options) {
		t.Helper()
		s, err := Open(context.Background(), o)
		if err == nil {
			_ = s.Close()
			t.Errorf("%+v was let in", o)
		}
		if contains(err, "hunter") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
	f(Options{URL: server.URL()})
	f(Options{URL: server.URL(), Username: "waitroom", Password: "hunter3"})
	s := open(t, Options{URL: server.URL(), Username: "waitroom", Password: "hunter2", Prefix: "elsewhere"})
	if _, err := s.Room(context.Background(), "booking", fast()); err == nil {
		t.Error("a prefix without rights was served")
	}
}

func TestAGatewayTrustsTheGivenAuthorityOnly(t *testing.T) {
	dir := t.TempDir()
	ca := certify(t, dir)
	server := redistest.Start(t, "--tls-port", strconv.Itoa(redistest.FreePort(t)), "--tls-auth-clients", "no",
		"--tls-cert-file", filepath.Join(dir, "cert.pem"), "--tls-key-file", filepath.Join(dir, "key.pem"))
	port, err := raw(t, server).ConfigGet(context.Background(), "tls-port").Result()
	if err != nil {
		t.Fatal(err)
	}
	url := "rediss://127.0.0.1:" + port["tls-port"] + "/0"
	everything(t, Options{URL: url, TLS: &tls.Config{RootCAs: ca, MinVersion: tls.VersionTLS12}})
	if s, err := Open(context.Background(), Options{URL: url}); err == nil {
		_ = s.Close()
		t.Error("a certificate of nobody known was trusted")
	}
}

// certify writes a certificate for 127.0.0.1 and its key, and returns its authority.
func certify(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		text := pem.EncodeToMemory(block)
		if name == "cert.pem" && !pool.AppendCertsFromPEM(text) {
			t.Fatal("the certificate is none")
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pool
}
