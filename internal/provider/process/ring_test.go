package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLogIsARing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := newRing(path)
	position, line := int64(0), 0
	var seen bytes.Buffer
	write := func(lines int) {
		for range lines {
			line++
			fmt.Fprintf(f, "line %06d %s\n", line, strings.Repeat("x", 86))
		}
	}
	follow := func() {
		text, next, err := r.since(position)
		if err != nil {
			t.Fatal(err)
		}
		position = next
		seen.Write(text)
	}
	for range 60 {
		write(1000) // 100 kB
		follow()
		if err := r.trim(); err != nil {
			t.Fatal(err)
		}
	}
	if got := bytes.Count(seen.Bytes(), []byte("\n")); got != line {
		t.Errorf("a follower saw %d lines of %d", got, line)
	}
	kept, _, err := newRing(path).since(0) // as the next control plane finds it
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) < LogBytes || len(kept) > 2*LogBytes || !bytes.HasSuffix(seen.Bytes(), kept) {
		t.Errorf("%d bytes are kept", len(kept))
	}
	write(50_000) // far more than is kept, between two looks
	if err := r.trim(); err != nil {
		t.Fatal(err)
	}
	seen.Reset()
	follow()
	if !strings.Contains(seen.String(), fmt.Sprintf("line %06d", line)) || seen.Len() > 2*LogBytes {
		t.Errorf("a follower that fell behind saw %d bytes", seen.Len())
	}
}

func TestLastLines(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"", 3, ""},
		{"a\nb\nc\n", 2, "b\nc\n"},
		{"a\nb\nc", 2, "b\nc"},
		{"a\nb\n", 5, "a\nb\n"},
		{"\n\n", 1, "\n"},
		{"a\n", 0, ""},
	} {
		if got := string(lastLines([]byte(c.text), c.n)); got != c.want {
			t.Errorf("last %d of %q: %q", c.n, c.text, got)
		}
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if err := newRing(filepath.Join(t.TempDir(), "log")).copy(ctx, 10, true, &out); err != nil || out.Len() != 0 {
		t.Error(err, out.String())
	}
}
