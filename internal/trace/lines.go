package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine is more than any row has, in bytes.
const maxLine = 4096

// lines hands a file on line by line, without its byte order mark and its comments, which it reads: the "# step" among
// them. Lines that it takes out it leaves empty, so that line numbers stay true.
type lines struct {
	in   *bufio.Reader
	left []byte
	line int
	step string // what "# step" said, "" while nothing
	at   int    // its line
	err  error
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, maxLine)} }

// Read gives one line at a time.
func (l *lines) Read(p []byte) (int, error) {
	if len(l.left) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		l.left, l.err = l.next()
		if len(l.left) == 0 && l.err != nil {
			return 0, l.err
		}
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

func (l *lines) next() ([]byte, error) {
	text, err := l.in.ReadSlice('\n')
	l.line++
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, &Error{Line: l.line, Message: fmt.Sprintf("longer than %d bytes: not a trace", maxLine)}
	}
	if l.line == 1 {
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	if bytes.HasPrefix(text, []byte("#")) {
		if e := l.comment(strings.Fields(string(text[1:]))); e != nil {
			return nil, e
		}
		text = []byte("\n")
	}
	return text, err
}

func (l *lines) comment(words []string) error {
	if len(words) != 2 || words[0] != "step" {
		return nil
	}
	if l.step != "" && l.step != words[1] {
		return &Error{Line: l.line, Column: "step", Message: fmt.Sprintf("says %s, and line %d said %s", words[1], l.at, l.step)}
	}
	l.step, l.at = words[1], l.line
	return nil
}
