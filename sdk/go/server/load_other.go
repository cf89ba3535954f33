//go:build !linux

package server

// newMeter measures nothing: only Linux is asked what a process uses.
func newMeter(func() (received, sent uint64)) *meter {
	return &meter{measure: func() (used, float64, float64, bool) { return used{}, 0, 0, false }}
}
