package manifest

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Error makes an error about a field of the object, such as one that the API answered in google.rpc.BadRequest. A field
// that is not in the file (it is missing, or Greenroom's default) is shown at what would hold it.
func (o Object) Error(path, message string) *Error {
	n := find(o.root, path)
	return &Error{File: o.file, Line: n.Line, Column: n.Column, Path: path, Message: message}
}

// Where answers the line and column of a field, from 1, or of what would hold it.
func (o Object) Where(path string) (file string, line, column int) {
	n := find(o.root, path)
	return o.file, n.Line, n.Column
}

// Place finds what a path of an ApplyRequest of the objects' Fleets, Routes, Events and Rollouts speaks of: `fleets[1].spec.max_servers` is
// spec.max_servers of the second fleet. It answers false for what is said of the request as a whole.
func Place(objects []Object, path string) (o Object, field string, ok bool) {
	list, rest, _ := strings.Cut(path, "[")
	number, field, _ := strings.Cut(rest, "]")
	left, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return Object{}, "", false
	}
	for _, o := range objects {
		if strings.ToLower(o.Kind)+"s" != list {
			continue
		}
		if left == 0 {
			return o, strings.TrimPrefix(field, "."), true
		}
		left--
	}
	return Object{}, "", false
}

// find walks a field path down the nodes as far as it goes. A key stands for its value, a list's item for itself.
func find(root *yaml.Node, path string) *yaml.Node {
	at, value := root, root
	for _, step := range steps(path) {
		if value.Kind == yaml.SequenceNode {
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(value.Content) {
				return at
			}
			at, value = value.Content[i], resolve(value.Content[i])
			continue
		}
		i := keyIndex(value, step)
		if i < 0 {
			return at
		}
		at, value = value.Content[i], resolve(value.Content[i+1])
	}
	return at
}

func keyIndex(n *yaml.Node, key string) int {
	if n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if resolve(n.Content[i]).Value == key {
			return i
		}
	}
	return -1
}

// steps splits `spec.fleets[1].fleet` and `labels["a.b"]` into their names, numbers and keys. It reads what it can.
func steps(path string) []string {
	var out []string
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case strings.HasPrefix(path, `["`):
			quoted, err := strconv.QuotedPrefix(path[1:])
			if err != nil {
				return out
			}
			key, err := strconv.Unquote(quoted)
			if err != nil {
				return out
			}
			out = append(out, key)
			path = strings.TrimPrefix(path[1+len(quoted):], "]")
		case path[0] == '[':
			index, rest, _ := strings.Cut(path[1:], "]")
			out, path = append(out, index), rest
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			out, path = append(out, path[:end]), path[end:]
		}
	}
	return out
}
