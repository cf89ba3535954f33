package ws

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// script is a connection whose reads give chunk bytes at a time, with a timeout before each, and that keeps each write.
type script struct {
	net.Conn
	in    []byte
	chunk int // 0: everything at once, without a timeout
	late  bool
	wrote [][]byte
}

func (s *script) Read(p []byte) (int, error) {
	if s.chunk > 0 {
		p = p[:min(len(p), s.chunk)]
		if s.late = !s.late; s.late {
			return 0, os.ErrDeadlineExceeded
		}
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	if n == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return n, nil
}

func (s *script) Write(p []byte) (int, error) {
	s.wrote = append(s.wrote, bytes.Clone(p))
	return len(p), nil
}

func (s *script) WriteBuffers(bufs [][]byte) error {
	_, err := s.Write(bytes.Join(bufs, nil))
	return err
}

// readAll reads a stream to its end, again after each timeout.
func readAll(s *Stream) ([]byte, error) {
	var all []byte
	p := make([]byte, 100)
	for {
		n, err := s.Read(p)
		all = append(all, p[:n]...)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return all, err
		}
	}
}

// masked is a client's frame.
func masked(op ws.OpCode, fin bool, payload string) []byte {
	f := ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload)))
	b, err := ws.CompileFrame(f)
	if err != nil {
		panic(err)
	}
	return b
}

func TestStreamReads(t *testing.T) {
	long := strings.Repeat("long ", 20_000)
	in := bytes.Join([][]byte{
		masked(ws.OpBinary, true, "hel"),
		masked(ws.OpBinary, false, "lo,"),
		masked(ws.OpPing, true, "there?"),
		masked(ws.OpContinuation, false, ""),
		masked(ws.OpContinuation, true, " you "),
		masked(ws.OpPong, true, ""),
		masked(ws.OpBinary, true, long),
		masked(ws.OpClose, true, "\x03\xe8bye"),
		masked(ws.OpBinary, true, "too late"),
	}, nil)
	for _, chunk := range []int{0, 1, 2, 7, 1000} {
		nc := &script{in: bytes.Clone(in), chunk: chunk}
		got, err := readAll(newStream(nc, nil))
		if want := "hello, you " + long; err != io.EOF || string(got) != want {
			t.Errorf("%d bytes at a time: %d bytes, %v", chunk, len(got), err)
		}
		if len(nc.wrote) != 2 || string(nc.wrote[0]) != "\x8a\x06there?" || string(nc.wrote[1]) != "\x88\x02\x03\xe8" {
			t.Errorf("%d bytes at a time: answered with %q", chunk, nc.wrote)
		}
	}
}

// What came with the handshake's request is read first.
func TestStreamReadsEarlyBytes(t *testing.T) {
	b := masked(ws.OpBinary, true, "early and late")
	got, _ := readAll(newStream(&script{in: b[9:], chunk: 1}, b[:9]))
	if string(got) != "early and late" {
		t.Errorf("%q", got)
	}
}

func TestStreamRefuses(t *testing.T) {
	unmasked, _ := ws.CompileFrame(ws.NewBinaryFrame([]byte("x")))
	for what, c := range map[string]struct {
		in   []byte
		code ws.StatusCode
		why  string
	}{
		"text":                 {masked(ws.OpText, true, "x"), 1003, "binary"},
		"no mask":              {unmasked, 1002, "masked"},
		"an extension":         {[]byte{0xc2, 0x80, 0, 0, 0, 0}, 1002, "extension"},
		"a lone continuation":  {masked(ws.OpContinuation, true, "x"), 1002, "order"},
		"a message inside one": {append(masked(ws.OpBinary, false, ""), masked(ws.OpBinary, true, "")...), 1002, "order"},
		"a reserved opcode":    {masked(0x3, true, "x"), 1002, "kind"},
		"a ping in parts":      {masked(ws.OpPing, false, "x"), 1002, "parts"},
		"a negative length":    {[]byte{0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 1002, "length"},
		"pings without end":    {bytes.Repeat(masked(ws.OpPing, true, ""), 1000), 1008, "control"},
		"empty frames":         {bytes.Repeat(masked(ws.OpBinary, true, ""), 1000), 1008, "empty"},
	} {
		nc := &script{in: c.in}
		_, err := readAll(newStream(nc, nil))
		if !errors.Is(err, errStream) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		last := nc.wrote[len(nc.wrote)-1]
		if last[0] != 0x88 || binary.BigEndian.Uint16(last[2:]) != uint16(c.code) || !strings.Contains(string(last[4:]), c.why) {
			t.Errorf("%s: closed with %q", what, last)
		}
	}
}

// However many buffers, a write is one message in one write; after the close frame there is none.
func TestStreamWrites(t *testing.T) {
	nc := &script{}
	s := newStream(nc, nil)
	if _, err := s.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteBuffers([][]byte{[]byte("a"), []byte("bc"), bytes.Repeat([]byte("d"), 200)}); err != nil {
		t.Fatal(err)
	}
	if err := s.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("late")); err == nil {
		t.Error("a message after the close frame")
	}
	want := []string{"\x82\x03one", "\x82\x7e\x00\xcbabc" + strings.Repeat("d", 200), "\x88\x02\x03\xe8"}
	if len(nc.wrote) != len(want) {
		t.Fatalf("%d writes: %q", len(nc.wrote), nc.wrote)
	}
	for i := range want {
		if string(nc.wrote[i]) != want[i] {
			t.Errorf("write %d: %q", i, nc.wrote[i])
		}
	}
}

// Whatever comes, the stream is the same in whatever pieces and pauses it comes.
func FuzzStream(f *testing.F) {
	f.Add(masked(ws.OpBinary, true, "hello"), 1)
	f.Add(append(masked(ws.OpBinary, false, "he"), masked(ws.OpContinuation, true, "llo")...), 3)
	f.Add(append(masked(ws.OpPing, true, "?"), masked(ws.OpClose, true, "\x03\xe8")...), 2)
	f.Add([]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 1)
	f.Fuzz(func(t *testing.T, in []byte, chunk int) {
		if len(in) > 10_000 {
			return
		}
		now := time.Now()
		once, pieces := &script{in: bytes.Clone(in)}, &script{in: bytes.Clone(in), chunk: 1 + chunk&63}
		a, errA := readAll(newStream(once, nil))
		b, errB := readAll(newStream(pieces, nil))
		if time.Since(now) > time.Second/controlPerSecond {
			return // the limits may have differed
		}
		if !bytes.Equal(a, b) || !errors.Is(errB, errA) || !bytes.Equal(bytes.Join(once.wrote, nil), bytes.Join(pieces.wrote, nil)) {
			t.Errorf("at once: %q %v, in pieces: %q %v", a, errA, b, errB)
		}
	})
}
