package udp_test

import (
	"os"
	"os/exec"
	"testing"
)

const (
	// insideNetem tells this test's own process in a network namespace whose loopback is bad.
	insideNetem = "GREENROOM_TEST_INSIDE_NETEM"
	badLoopback = `ip link set lo up && tc qdisc add dev lo root netem loss 5% duplicate 2% delay 5ms 4ms`
)

// The kernel itself loses, doubles, delays and mixes up datagrams, in a network namespace with netem. Where there is
// none (it takes root, and a kernel with sch_netem) the road of this package does, and the log says so.
func TestMembersOverABadNetwork(t *testing.T) {
	addr := func(h *house) string { return h.addr }
	if os.Getenv(insideNetem) == "" {
		if out, err := exec.Command("unshare", "--net", "sh", "-c", badLoopback).CombinedOutput(); err == nil {
			inside := exec.Command("unshare", "--net", "sh", "-c", badLoopback+` && exec "$0" -test.run '^TestMembersOverABadNetwork$' -test.v`, os.Args[0])
			inside.Env = append(os.Environ(), insideNetem+"=1")
			out, err := inside.CombinedOutput()
			t.Logf("in a network namespace with netem:\n%s", out)
			if err != nil {
				t.Fatal(err)
			}
			return
		} else {
			t.Logf("no netem here (%v: %s): on this package's road instead", err, out)
		}
		addr = func(h *house) string {
			return newRoad(t, h.addr, badness{lose: 0.05, double: 0.02, delay: five.delay, vary: five.vary}).addr()
		}
	}
	h := newHouse(t, nil)
	way := addr(h)
	for _, r := range crowd(t, h, 20, func(int) string { return way }, 30) {
		if s := r.Stats(); s.Reconnects+s.Gaps+s.Duplicates+s.Resyncs > 0 {
			t.Errorf("%+v", s)
		}
	}
}
