package usage

import (
	"runtime"
	"testing"
)

func TestGroupLimitIsTheLeastOfAll(t *testing.T) {
	groups := map[string]string{"/": "", "/games": "300000 100000\n", "/games/a": "max 100000\n", "/games/b": "50000 100000\n", "/odd": "many 100000"}
	read := func(path string) string { return groups[path] }
	for own, want := range map[string]float64{
		"0::/games/a\n":                    3,
		"0::/games/b\n":                    0.5,
		"0::/\n":                           8,
		"0::/odd/x\n":                      8,
		"12:cpu:/games/b\n0::/games/a/x\n": 3,
		"":                                 8,
	} {
		if got := groupLimit(own, read, 8); got != want {
			t.Errorf("%q: %v cores, want %v", own, got, want)
		}
	}
	if got := CPULimit(); got <= 0 || got > float64(runtime.NumCPU()) {
		t.Errorf("this process may use %v cores of %d", got, runtime.NumCPU())
	}
}

func TestNetwork(t *testing.T) {
	const page = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 99999999 1 0 0 0 0 0 0 99999999 1 0 0 0 0 0 0
  eth0: 1500 10 0 0 0 0 0 0 700 7 0 0 0 0 0 0
wlan0:18446744073709550000 3 0 0 0 0 0 0 5 1 0 0 0 0 0 0
`
	if in, out, err := network(page); in != 18446744073709551500 || out != 705 || err != nil {
		t.Errorf("received %d, sent %d: %v", in, out, err)
	}
	for _, bad := range []string{"eth0: 1 2 3", "eth0: x 1 1 1 1 1 1 1 1 1", "eth0: 1 1 1 1 1 1 1 1 -1 1"} {
		if _, _, err := network(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, _, err := Network(); err != nil {
		t.Error(err)
	}
}
