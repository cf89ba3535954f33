package bot

// search looks for the highest number that is good, where all up to it are and none above: it doubles until one is bad,
// then halves the distance until that is at most a twentieth. It is pure; each number is asked for by next and answered
// by tell.
type search struct {
	good int // the highest known to be good; 0: none yet
	bad  int // the lowest known to be bad; 0: none yet
	max  int // never asked beyond
	low  int // asked first
}

// precision: a capacity is known to one part in so many.
const precision = 20

// next is the number to try; 0: it is found.
func (s *search) next() int {
	switch {
	case s.bad == 0 && s.good == 0:
		return min(s.low, s.max)
	case s.bad == 0 && s.good >= s.max:
		return 0
	case s.bad == 0:
		return min(2*s.good, s.max)
	case s.bad-s.good <= max(1, s.good/precision):
		return 0
	default:
		return s.good + (s.bad-s.good)/2
	}
}

func (s *search) tell(n int, good bool) {
	if good {
		s.good = max(s.good, n)
	} else if s.bad == 0 || n < s.bad {
		s.bad = n
	}
}
