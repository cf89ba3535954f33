package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"greenroom.dev/greenroom/internal/model"
)

// Holds answers how many servers of a fleet there can be at once on this machine, running of which there are, and what
// ends there; "" when nothing is known that ends. memory is what one uses, in bytes, where the spec does not bound it; 0 is
// not known.
func (p *Process) Holds(spec model.FleetSpec, running int, memory float64) (servers int, because string) {
	s := spec.WithDefaults().Process
	for _, port := range s.Ports {
		if port.Number != 0 {
			return 1, fmt.Sprintf("port %d (%s) can be one server's only", port.Number, port.Name)
		}
	}
	free, all := p.ports.left()
	servers = running + free/len(s.Ports)
	because = fmt.Sprintf("%d of %d ports are free, a server takes %d", free, all, len(s.Ports))
	if s.MemoryMiB > 0 {
		memory = float64(s.MemoryMiB) * mebibyte
	}
	available := availableMemory()
	if memory <= 0 || available <= 0 {
		return servers, because
	}
	if n := running + int(available/memory); n < servers {
		servers = n
		because = fmt.Sprintf("%.0f MiB of memory are available, a server takes %.0f", available/mebibyte, memory/mebibyte)
	}
	return servers, because
}

const mebibyte = 1 << 20

// left counts the ports that are nobody's, and all.
func (p *ports) left() (free, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all = p.max - p.min + 1
	free = all
	for n := range p.taken {
		if n >= p.min && n <= p.max {
			free--
		}
	}
	return free, all
}

// availableMemory is what programs may still use without swapping, in bytes; 0 where the system does not say.
func availableMemory() float64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			if err != nil {
				return 0
			}
			return kib * 1024
		}
	}
	return 0
}
