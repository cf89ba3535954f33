package process

import (
	"path/filepath"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"
)

func TestHowManyServersAMachineHolds(t *testing.T) {
	p, end := open(t, Config{Dir: filepath.Join(t.TempDir(), "servers"), PortMin: 20_000, PortMax: 20_099})
	defer end()
	two := script("exec sleep 60")
	fixed := script("exec sleep 60")
	fixed.Process.Ports = []model.Port{{Name: "game", Number: 7777}}
	large := script("exec sleep 60")
	large.Process.MemoryMiB = 1 << 30
	for _, c := range []struct {
		what    string
		spec    model.FleetSpec
		running int
		memory  float64
		want    int
		because string
	}{
		{"two ports each, of a hundred", two, 0, 0, 50, "100 of 100 ports are free, a server takes 2"},
		{"three run besides", two, 3, 0, 53, "100 of 100 ports are free, a server takes 2"},
		{"a port that is one server's", fixed, 0, 0, 1, "port 7777 (game) can be one server's only"},
		{"more memory than there is", large, 2, 0, 2, "MiB of memory are available, a server takes 1073741824"},
		{"more than there is, as it was seen", two, 1, 1 << 60, 1, "MiB of memory are available"},
		{"a byte", two, 0, 1, 50, "ports are free"},
	} {
		servers, because := p.Holds(c.spec, c.running, c.memory)
		if servers != c.want || !strings.Contains(because, c.because) {
			t.Errorf("%s: %d servers, %s; want %d, %s", c.what, servers, because, c.want, c.because)
		}
	}
}
