package usage

import (
	"os"
	"testing"
	"time"
)

func TestOwnProcess(t *testing.T) {
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	worked := time.Now()
	for n := 0; time.Since(worked) < 20*time.Millisecond; n++ { // some work
	}
	after, err := CPU(os.Getpid())
	if err != nil || after <= before || after-before > 10*time.Second {
		t.Errorf("CPU time went from %v to %v: %v", before, after, err)
	}
	if rss, err := RSS(os.Getpid()); err != nil || rss < 1<<20 || rss > 1<<34 {
		t.Errorf("RSS %d: %v", rss, err)
	}
}

func TestNobody(t *testing.T) {
	const nobody = 1 << 22 // numbers stay below
	if cpu, err := CPU(nobody); err == nil {
		t.Errorf("a process that is not there used %v", cpu)
	}
	if rss, err := RSS(nobody); err == nil {
		t.Errorf("a process that is not there has %d bytes", rss)
	}
}

func TestMachine(t *testing.T) {
	busy, idle, err := machine("cpu  100 2 30 4000 50 6 7 8 90 0\ncpu0 1 2\n")
	if want := 1530 * time.Millisecond; err != nil || busy != want || idle != 40500*time.Millisecond {
		t.Errorf("busy %v, idle %v: %v; want %v and 40.5s", busy, idle, err, want)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8", "cpu 1 2 3 4 x 6 7 8"} {
		if _, _, err := machine(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if busy, idle, err := Machine(); err != nil || busy == 0 || idle == 0 {
		t.Errorf("this machine: busy %v, idle %v: %v", busy, idle, err)
	}
}
