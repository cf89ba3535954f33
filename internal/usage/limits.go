package usage

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

const cgroupRoot = "/sys/fs/cgroup"

// CPULimit is the cores that this process may use at once: the least of what its control groups (cgroups(7), version 2)
// allow and what the machine has.
func CPULimit() float64 {
	cores := float64(runtime.NumCPU())
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return cores
	}
	return min(cores, groupLimit(string(own), func(path string) string {
		text, err := os.ReadFile(filepath.Join(cgroupRoot, path, "cpu.max"))
		if err != nil {
			return "" // the root has none, nor has a group without the controller
		}
		return string(text)
	}, cores))
}

// groupLimit is the least limit of the group that /proc/self/cgroup names and of those above it; none if it names none.
func groupLimit(own string, cpuMax func(path string) string, none float64) float64 {
	least := none
	for line := range strings.Lines(own) {
		path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		for path = filepath.Clean("/" + path); ; path = filepath.Dir(path) {
			if cores, ok := parseCPUMax(cpuMax(path)); ok {
				least = min(least, cores)
			}
			if path == "/" {
				break
			}
		}
	}
	return least
}

// parseCPUMax reads "50000 100000": so many microseconds of CPU time in each period; false for "max" and what is no limit.
func parseCPUMax(text string) (cores float64, ok bool) {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return 0, false
	}
	quota, err1 := strconv.ParseUint(fields[0], 10, 63)
	period, err2 := strconv.ParseUint(fields[1], 10, 63)
	if err1 != nil || err2 != nil || quota == 0 || period == 0 {
		return 0, false
	}
	return float64(quota) / float64(period), true
}

// Network is the bytes that all network interfaces but loopback have received and sent, as this process sees them: those of
// its container where it has its own, else the machine's.
func Network() (received, sent uint64, err error) {
	text, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		return 0, 0, err
	}
	return network(string(text))
}

// network reads /proc/net/dev: two lines of titles, then for each interface its name, 8 numbers received and 8 sent, of
// which the first are the bytes.
func network(text string) (received, sent uint64, err error) {
	for line := range strings.Lines(text) {
		name, numbers, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "lo" {
			continue
		}
		fields := strings.Fields(numbers)
		if len(fields) < 9 {
			return 0, 0, fmt.Errorf("/proc/self/net/dev: interface %s has %d numbers", name, len(fields))
		}
		in, err1 := strconv.ParseUint(fields[0], 10, 64)
		out, err2 := strconv.ParseUint(fields[8], 10, 64)
		if err1 != nil || err2 != nil {
			return 0, 0, fmt.Errorf("/proc/self/net/dev: interface %s has %q and %q", name, fields[0], fields[8])
		}
		received, sent = received+in, sent+out
	}
	return received, sent, nil
}
