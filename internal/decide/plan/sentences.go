package plan

import (
	"slices"
	"strconv"

	"greenroom.dev/greenroom/internal/model"
)

// sentences are put into words one after the other in one piece of memory, which is used again: every plan says the same few.
type sentences struct {
	words []byte
	ends  []int
}

func (s *sentences) begin() { s.words, s.ends = s.words[:0], s.ends[:0] }

func (s *sentences) text(t string) *sentences {
	s.words = append(s.words, t...)
	return s
}

func (s *sentences) number(n int) *sentences {
	s.words = strconv.AppendInt(s.words, int64(n), 10)
	return s
}

func (s *sentences) count(n int, noun string) *sentences {
	s.words = model.AppendCount(s.words, n, noun)
	return s
}

// end ends a sentence.
func (s *sentences) end() { s.ends = append(s.ends, len(s.words)) }

// all appends the sentences since begin.
func (s *sentences) all(to []string) []string {
	to = slices.Grow(to, len(s.ends))
	words, from := string(s.words), 0
	for _, end := range s.ends {
		to, from = append(to, words[from:end]), end
	}
	return to
}
