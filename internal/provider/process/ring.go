package process

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

const (
	// LogBytes is how much of a server's output is kept at least. At most it is twice that, and what the server writes
	// between two looks, which nobody bounds while no control plane runs.
	LogBytes    = 1 << 20
	followEvery = 200 * time.Millisecond
)

// ring is a server's log: two files, of which the server appends to the newer. It has that file open, so it is not
// renamed when it has grown: its end is copied to the older file and it is emptied in place. What the server writes
// between the two is lost.
type ring struct {
	path string // and path+".1"

	mu sync.Mutex
	// Positions in the stream of all output: where the older and the newer file begin. They count from what an earlier
	// control plane left.
	older, newer int64
}

func newRing(path string) *ring {
	r := &ring{path: path}
	if info, err := os.Stat(path + ".1"); err == nil {
		r.newer = info.Size()
	}
	return r
}

// trim empties the newer file if it has grown too large.
func (r *ring) trim() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	info, err := os.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() <= LogBytes {
		return nil
	}
	if err != nil {
		return err
	}
	from := info.Size() - LogBytes
	text, err := readFrom(r.path, from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.path+".1", text, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(r.path, 0); err != nil {
		return err
	}
	r.older = r.newer + from
	r.newer = r.older + int64(len(text))
	return nil
}

// since answers the output from a position on, or from the oldest that is kept, and the position after it.
func (r *ring) since(position int64) ([]byte, int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text []byte
	if position < r.newer {
		old, err := readFrom(r.path+".1", max(0, position-r.older))
		if err != nil {
			return nil, position, err
		}
		text, position = old, r.newer
	}
	recent, err := readFrom(r.path, position-r.newer)
	return append(text, recent...), position + int64(len(recent)), err
}

func readFrom(path string, offset int64) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// copy writes the last lines to w, then, with follow, what is added until ctx ends.
func (r *ring) copy(ctx context.Context, tail int, follow bool, w io.Writer) error {
	text, position, err := r.since(0)
	if err != nil {
		return err
	}
	if _, err := w.Write(lastLines(text, tail)); err != nil || !follow {
		return err
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if text, position, err = r.since(position); err != nil {
			return err
		}
		if len(text) == 0 {
			continue
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
}

// lastLines answers the last n lines of text; an unfinished line counts as one.
func lastLines(text []byte, n int) []byte {
	from := len(bytes.TrimSuffix(text, []byte("\n")))
	for range n {
		if from <= 0 {
			return text
		}
		from = bytes.LastIndexByte(text[:from], '\n')
	}
	if n <= 0 {
		return nil
	}
	return text[from+1:]
}
