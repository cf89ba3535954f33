package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Error is one thing wrong with a file.
type Error struct {
	File    string
	Line    int // from 1; 0: the file as a whole
	Column  int // from 1
	Path    string
	Message string
}

// Error gives "spec.max_servers must be a whole number, not \"x\" at fleet.yaml:7:16".
func (e *Error) Error() string {
	var b strings.Builder
	if e.Path != "" {
		b.WriteString(e.Path + " ")
	}
	b.WriteString(e.Message + " at " + e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	return b.String()
}

// Errors is everything wrong with a file, in its order; never empty.
type Errors []*Error

// Error gives one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(e) > maxErrors {
		rest := len(e) - maxErrors
		e = append(e[:maxErrors:maxErrors], &Error{File: e[0].File, Message: fmt.Sprintf("and %d more errors", rest)})
	}
	return e
}

// syntaxError turns the YAML library's error into one of ours.
func syntaxError(file string, err error) *Error {
	out := &Error{File: file, Message: "is not YAML: " + err.Error()}
	var load *yaml.LoadError
	if errors.As(err, &load) {
		out.Line, out.Column, out.Message = load.Mark.Line, max(load.Mark.Column, 1), "is not YAML: "+load.Message
	}
	return out
}
