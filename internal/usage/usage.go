// Package usage owns what a process of this machine, and the machine itself, have used so far: CPU time and memory, as
// Linux tells them.
package usage

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU is the CPU time a process has used, user and system, to the nanosecond, threads that ended included. It fails once
// the process is gone.
func CPU(pid int) (time.Duration, error) {
	const schedulerTime = 2 // clock_getcpuclockid(3)'s CPUCLOCK_SCHED
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedulerTime), &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// RSS is the bytes of a process that are in memory now.
func RSS(pid int) (uint64, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if size, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(size), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("%s has no VmRSS", path)
}

// Machine is the CPU time that all cores of this machine together have spent on whatever it was, and how much more there
// was to spend, to about 10 ms a core.
func Machine() (busy, idle time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	return machine(string(text))
}

// machine reads /proc/stat's first line: user, nice, system, idle, iowait, irq, softirq, steal; guest time stands in user's.
func machine(stat string) (busy, idle time.Duration, err error) {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux there is
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("/proc/stat: %w", err)
		}
		if i == 3 || i == 4 {
			idle += time.Duration(n) * tick
		} else {
			busy += time.Duration(n) * tick
		}
	}
	return busy, idle, nil
}
