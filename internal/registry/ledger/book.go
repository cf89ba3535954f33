package ledger

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"greenroom.dev/greenroom/internal/model"
)

// entry is a line of the file: a server's state, seats taken, a seat left, or a session's end.
type entry struct {
	Server     model.ServerID    `json:"s,omitempty"`
	State      model.ServerState `json:"is,omitempty"`
	Drain      *model.Drain      `json:"d,omitempty"` // with State
	Route      model.RouteName   `json:"r,omitempty"`
	Key        model.SessionKey  `json:"k,omitempty"`
	Generation model.Generation  `json:"g,omitempty"`
	Capacity   int               `json:"c,omitempty"`
	Seats      []seat            `json:"p,omitempty"`
	Left       model.SeatID      `json:"left,omitempty"`
	Ended      bool              `json:"end,omitempty"`
}

type seat struct {
	ID     model.SeatID   `json:"i"`
	Player model.PlayerID `json:"n"`
}

// rewriteAfter is how many entries are appended at least before the file is written anew with what is true.
const rewriteAfter = 10_000

// maxLine bounds one entry: a session of 10,000 seats with the longest names is 2 MB.
const maxLine = 4 << 20

// book is the file. Its owner makes calls one at a time.
type book struct {
	path  string
	file  *os.File
	lines int // appended since it was written anew
	limit int // of lines
}

// openBook reads a book, line by line, and opens it for more. A last line that was not finished is dropped: it was not
// answered to anybody.
func openBook(path string, read func(entry) bool) (*book, error) {
	b := &book{path: path, limit: rewriteAfter}
	end, err := b.read(read)
	if err != nil {
		return nil, err
	}
	if b.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	if err := b.file.Truncate(end); err != nil {
		return nil, errors.Join(err, b.file.Close())
	}
	_, err = b.file.Seek(end, 0)
	return b, err
}

// read answers where the last whole line ends.
func (b *book) read(read func(entry) bool) (end int64, err error) {
	f, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil || len(line) > maxLine {
			return end, nil // what is behind the last newline is half a line
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, fmt.Errorf("%s, at byte %d: %w; move the file away to start without what was on those servers", b.path, end, err)
		}
		read(e)
		end += int64(len(line))
		b.lines++
	}
}

// append writes an entry, or everything anew when the book has become long.
func (b *book) append(e entry, all func() []entry) error {
	if b.lines >= b.limit {
		return b.rewrite(all())
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := b.file.Write(append(line, '\n')); err != nil {
		return errors.Join(err, b.rewrite(all())) // half a line may be there
	}
	b.lines++
	return nil
}

// rewrite replaces the file as a whole.
func (b *book) rewrite(all []entry) error {
	next, err := os.OpenFile(b.path+".next", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(next)
	encoder := json.NewEncoder(out)
	for _, e := range all {
		if err = encoder.Encode(e); err != nil {
			break
		}
	}
	if err = errors.Join(err, out.Flush()); err == nil {
		err = os.Rename(b.path+".next", b.path)
	}
	if err != nil {
		return errors.Join(err, next.Close())
	}
	old := b.file
	b.file, b.lines, b.limit = next, 0, max(rewriteAfter, 2*len(all))
	return old.Close()
}

func (b *book) close() error { return b.file.Close() }
