package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/wire"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

// certificateFiles are a self-signed certificate for 127.0.0.1 and what clients need to trust it.
type certificateFiles struct {
	cert, key string
	roots     *x509.CertPool
}

// newCertificate writes a certificate called name into dir.
func newCertificate(t *testing.T, dir, name string) certificateFiles {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := certificateFiles{filepath.Join(dir, name+".cert.pem"), filepath.Join(dir, name+".key.pem"), x509.NewCertPool()}
	leaf, _ := x509.ParseCertificate(der)
	files.roots.AddCert(leaf)
	for file, block := range map[string]*pem.Block{
		files.cert: {Type: "CERTIFICATE", Bytes: der}, files.key: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestCertificatesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	ours, other := newCertificate(t, dir, "ours"), newCertificate(t, dir, "other")
	text := filepath.Join(dir, "text.pem")
	if err := os.WriteFile(text, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.pem")
	for what, c := range map[string]struct {
		cert, key string
		words     []string
	}{
		"no key":           {ours.cert, "", []string{ours.cert, "--tls-key", "GREENROOM_TLS_KEY"}},
		"no certificate":   {"", ours.key, []string{ours.key, "--tls-cert", "GREENROOM_TLS_CERT"}},
		"no such file":     {missing, ours.key, []string{missing, "--tls-cert"}},
		"no such key file": {ours.cert, missing, []string{missing, "--tls-key"}},
		"another's key":    {ours.cert, other.key, []string{ours.cert, other.key, "does not match", "of its own key"}},
		"the wrong way":    {ours.key, ours.cert, []string{ours.cert, ours.key}},
		"no PEM":           {text, ours.key, []string{text, "PEM"}},
	} {
		err := server.CheckCertificate(c.cert, c.key)
		if err == nil {
			t.Errorf("%s: it was taken", what)
			continue
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", what, err, w)
			}
		}
	}
	_, err := server.New(server.Config{Link: sdk.Config{
		Server: "plaza-abcdefgh", Host: "127.0.0.1", Link: "http://127.0.0.1:1", Ports: map[string]int{"ws": 0, "wss": 0},
	}})
	if err == nil || !strings.Contains(err.Error(), "port wss needs a certificate") {
		t.Errorf("wss without a certificate: %v", err)
	}
}

// leaf is the certificate that a port shows.
func (s *served) leaf(t *testing.T, port string) *x509.Certificate {
	t.Helper()
	nc, err := tls.Dial("tcp", s.Addr(port).String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	return nc.ConnectionState().PeerCertificates[0]
}

// A renewed certificate is shown to new connections; half of one is not taken, and those who are there stay.
func TestCertificateIsRenewed(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enterBy(t, "wss", "ann")
	before := s.leaf(t, "mqtts")
	next := newCertificate(t, t.TempDir(), "next")

	move(t, next.cert, s.files.cert)
	s.LookAtCertificate()
	if !s.leaf(t, "wss").Equal(before) {
		t.Error("a certificate without its key was taken")
	}
	move(t, next.key, s.files.key)
	s.LookAtCertificate()
	for _, port := range []string{"wss", "mqtts"} {
		if got := s.leaf(t, port); got.DNSNames[0] != "next" {
			t.Errorf("%s shows the certificate of %v", port, got.DNSNames)
		}
	}
	ann.state("pos/ann", "still here")
	until(ann, func(r wire.Ack) bool { return r.Seq == 1 })
}

// move puts a file in another's place, with a time of change of its own.
func move(t *testing.T, from, to string) {
	t.Helper()
	at := time.Now().Add(time.Minute)
	if err := os.Chtimes(from, at, at); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestTLSPortsRefuse(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	old := &tls.Config{RootCAs: s.files.roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	for _, port := range []string{"wss", "mqtts"} {
		if nc, err := tls.Dial("tcp", s.Addr(port).String(), old); err == nil {
			nc.Close()
			t.Errorf("%s speaks TLS 1.1", port)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr("wss").String()+"/room", nil)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(b), "wss://") {
		t.Errorf("plain HTTP is answered %s %q", resp.Status, b)
	}
}

// A tick's bytes leave in one write over TLS as they do without, however many buffers they are.
func TestTickIsOneWrite(t *testing.T) {
	for _, port := range []string{"ws", "wss"} {
		s := serve(t, model.RoomSettings{})
		ann, _ := s.enterBy(t, port, "ann")
		ann.send(wire.Ping{Nonce: 1})
		until(ann, func(r wire.Pong) bool { return r.Nonce == 1 })
		before := s.Writes()
		ann.send(wire.SetState{Seq: 1, Key: "k", Value: make([]byte, 5000)}, wire.SendSignal{Seq: 2, To: []uint64{1}, Name: "s"}, wire.SendEvent{Seq: 3, Name: "e"})
		until(ann, func(r wire.Ack) bool { return r.Seq == 3 })
		if n := s.Writes() - before; n != 1 {
			t.Errorf("%s: %d writes, not 1", port, n)
		}
	}
}
