package trace

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
)

// Error says what is wrong in a trace file, and where.
type Error struct {
	Line    int    // from 1; 0: the file as a whole
	Column  string // "" when it is the line as a whole
	Message string
}

// Error gives "line 7, joins: …".
func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.Message
	case e.Column == "":
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return fmt.Sprintf("line %d, %s: %s", e.Line, e.Column, e.Message)
}

// Read reads a trace file (docs/TRACES.md). It holds no more of the file than the rows it gives. What is wrong with the
// file is an *Error; other errors are the reader's. Times without a date begin on 1 January 1970, UTC.
func Read(r io.Reader) (Trace, error) { return read(r, MaxRows) }

func read(r io.Reader, most int) (Trace, error) {
	in := newLines(r)
	table := csv.NewReader(in)
	table.FieldsPerRecord = -1
	table.ReuseRecord = true
	f := file{table: table, in: in, most: most, routes: map[string]model.RouteName{}, seen: map[model.RouteName]int{}}
	if err := f.header(); err != nil {
		return Trace{}, err
	}
	for {
		record, err := f.record()
		if errors.Is(err, io.EOF) {
			return f.finish()
		}
		if err == nil {
			err = f.row(record)
		}
		if err != nil {
			return Trace{}, err
		}
	}
}

// file is a trace that is being read.
type file struct {
	table   *csv.Reader
	in      *lines
	most    int                        // rows
	line    int                        // of the record
	columns []column                   // by their place in the record
	routes  map[string]model.RouteName // each name once in memory
	seen    map[model.RouteName]int    // the line of each route of the time that is being read
	dated   bool                       // times are RFC 3339
	rows    []Row
	lines   []int32 // of rows
}

// record is the next line's fields; they are good until the next call.
func (f *file) record() ([]string, error) {
	record, err := f.table.Read()
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return nil, &Error{Line: parse.Line, Message: "not CSV: " + parse.Err.Error()}
	}
	if err == nil {
		f.line, _ = f.table.FieldPos(0)
	}
	return record, err
}

func (f *file) fail(column, format string, args ...any) error {
	return &Error{Line: f.line, Column: column, Message: fmt.Sprintf(format, args...)}
}

// header finds out which column is which.
func (f *file) header() error {
	record, err := f.record()
	if errors.Is(err, io.EOF) {
		return &Error{Message: "the file is empty: a trace begins with the line " + Header}
	}
	if err != nil {
		return err
	}
	if _, _, err := parseTime(record[0]); err == nil {
		return f.fail("", "a row, where the header is expected: %s", Header)
	}
	all := columns()
	for _, name := range record {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(all, func(c column) bool { return c.name == name })
		if i < 0 {
			return f.fail("", "unknown column %q%s; the columns are %s", name, nearest.DidYouMean(name, strings.Split(Header, ",")), Header)
		}
		if slices.ContainsFunc(f.columns, func(c column) bool { return c.name == name }) {
			return f.fail("", "the column %q stands there twice", name)
		}
		f.columns = append(f.columns, all[i])
	}
	for _, c := range all {
		if !c.optional && !slices.ContainsFunc(f.columns, func(have column) bool { return have.name == c.name }) {
			return f.fail("", "no column %q; the columns are %s", c.name, Header)
		}
	}
	return nil
}

// row takes the record in.
func (f *file) row(record []string) error {
	if len(record) != len(f.columns) {
		return f.fail("", "%s where the header has %d", model.Count(len(record), "field"), len(f.columns))
	}
	if len(f.rows) == f.most {
		return f.fail("", "more than %d rows: take longer steps or fewer routes", f.most)
	}
	var r Row
	for i, c := range f.columns {
		if err := c.parse(f, &r, strings.TrimSpace(record[i])); err != nil {
			return f.fail(c.name, "%s", err)
		}
	}
	switch {
	case r.Sessions > r.Joins:
		return f.fail("sessions", "%s by %s: each session begins with a player", model.Count(r.Sessions, "session"), model.Count(r.Joins, "join"))
	case r.Joins > 0 && r.Stay == 0:
		return f.fail("stay_seconds", "0, but %s: say how long they stayed", model.Count(r.Joins, "player")+" joined")
	}
	return f.append(r)
}

// append puts the row behind the others.
func (f *file) append(r Row) error {
	if n := len(f.rows); n > 0 {
		last := f.rows[n-1].At
		switch {
		case r.At.Before(last):
			return f.fail("time", "%s is before line %d's %s: rows come by time", f.text(r.At), f.lines[n-1], f.text(last))
		case r.At.After(last):
			clear(f.seen)
		}
		if r.At.Sub(f.rows[0].At) > MaxSpan {
			return f.fail("time", "%s is more than %s after the first row", f.text(r.At), MaxSpan)
		}
	}
	if before, twice := f.seen[r.Route]; twice {
		return f.fail("route", "%s at %s stands in line %d already", r.Route, f.text(r.At), before)
	}
	f.seen[r.Route] = f.line
	f.rows = append(f.rows, r)
	f.lines = append(f.lines, int32(f.line))
	return nil
}

// text is a time in the file's own form.
func (f *file) text(t time.Time) string {
	if f.dated {
		return t.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%d", t.Unix())
}
