package room

// memo keeps what was made once for each wire class in a tick. Members of one class often stand together, so the last
// answer is looked at first.
type memo[T any] struct {
	byKey map[string]T
	key   string // of last
	last  T
}

func newMemo[T any]() memo[T] { return memo[T]{byKey: map[string]T{}} }

// get answers what key has, made at the first call.
func (m *memo[T]) get(key string, make func() T) T {
	if key == m.key && key != "" {
		return m.last
	}
	v, ok := m.byKey[key]
	if !ok {
		v = make()
		m.byKey[key] = v
	}
	m.key, m.last = key, v
	return v
}

func (m *memo[T]) reset() {
	var none T
	clear(m.byKey)
	m.key, m.last = "", none
}
