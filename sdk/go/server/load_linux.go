package server

import (
	"os"
	"time"

	"greenroom.dev/greenroom/internal/usage"
)

// newMeter measures this process. Its network traffic is what traffic counts; nil: that of all interfaces it sees.
func newMeter(traffic func() (received, sent uint64)) *meter {
	limit := usage.CPULimit()
	return &meter{measure: func() (used, float64, float64, bool) {
		now := used{at: time.Now()}
		var err error
		if now.cpu, err = usage.CPU(os.Getpid()); err != nil {
			return used{}, 0, 0, false
		}
		memory, err := usage.RSS(os.Getpid())
		if err != nil {
			return used{}, 0, 0, false
		}
		if traffic != nil {
			now.received, now.sent = traffic()
		} else if now.received, now.sent, err = usage.Network(); err != nil {
			return used{}, 0, 0, false
		}
		return now, limit, float64(memory), true
	}}
}
