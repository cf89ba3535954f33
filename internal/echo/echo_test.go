package echo

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestUDPAnswersQuestionsAlone(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ServeUDP(ctx, server) }()
	client, err := net.Dial("udp", server.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	good := Nonce{1, 2, 3}
	long := append(Question(Nonce{9}), 0)
	answer, _ := Answer(Question(Nonce{8}))
	for _, bad := range [][]byte{{}, {0}, long, long[:Size-1], bytes.Repeat([]byte{'G'}, 1400), answer} {
		if _, err := client.Write(bad); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Write(Question(good)); err != nil {
		t.Fatal(err)
	}
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, 2000)
	n, err := client.Read(got) // in order over loopback: the first answer must be the good one's
	if err != nil || !Answers(got[:n], good) {
		t.Errorf("answered %q: %v", got[:n], err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHTTPAnswersEveryPage(t *testing.T) {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/echo", nil))
	if w.Code != http.StatusNoContent || w.Body.Len() > 0 || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	w = httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/echo", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// FuzzAnswer: an answer is never longer than what was sent, answers its nonce, and is not answered again.
func FuzzAnswer(f *testing.F) {
	f.Add(Question(Nonce{1}))
	f.Add([]byte{})
	f.Add([]byte("GRE!............"))
	f.Add(bytes.Repeat([]byte("GRE?"), 5))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, ok := Answer(in)
		if !ok {
			return
		}
		if len(out) > len(in) || !Answers(out, Nonce(in[4:])) {
			t.Errorf("%x answered by %x", in, out)
		}
		if _, again := Answer(out); again {
			t.Errorf("%x is a question too", out)
		}
	})
}
