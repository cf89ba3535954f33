package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"greenroom.dev/greenroom/internal/model"
)

// birthOf names the time of a process's birth, so that another one with the same number is not taken for it: the boot,
// and the clock ticks since then (field 22 of /proc/<pid>/stat, proc(5)). "" if there is none, or only its zombie.
func birthOf(pid int) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field is the program's name in parentheses, which may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const state, startTime = 0, 22 - 3 // from the third field on
	if len(fields) <= startTime || string(fields[state]) == "Z" || string(fields[state]) == "X" {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + string(fields[startTime])
}

func alive(pid int, birth string) bool { return birthOf(pid) == birth }

// findByServer finds the process group's leader that was started as a server. 0 for none.
func findByServer(id model.ServerID) int {
	wanted := []byte("GREENROOM_SERVER=" + string(id))
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err != nil {
			continue // not ours to read, so not ours
		}
		for entry := range bytes.SplitSeq(env, []byte{0}) {
			if !bytes.Equal(entry, wanted) {
				continue
			}
			if sid, err := unix.Getsid(pid); err == nil && sid == pid {
				return pid
			}
		}
	}
	return 0
}

// awaitExit returns true when the process has ended, false when ctx has. It costs a goroutine and no thread: the
// process's descriptor (pidfd_open(2), Linux 5.10) is waited for by Go's poller.
func awaitExit(ctx context.Context, pid int, birth string) bool {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err == unix.ESRCH {
		return true
	}
	if err != nil {
		return awaitExitPolling(ctx, pid, birth)
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer f.Close()
	if !alive(pid, birth) { // looked at again: the number may have been another's before it was opened
		return true
	}
	defer context.AfterFunc(ctx, func() { f.Close() })()
	conn, err := f.SyscallConn()
	if err == nil {
		err = conn.Read(func(fd uintptr) bool {
			ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			n, err := unix.Poll(ready, 0)
			return n > 0 && err == nil
		})
	}
	switch {
	case err == nil:
		return true
	case ctx.Err() != nil:
		return false
	}
	return awaitExitPolling(ctx, pid, birth)
}

// limitFiles bounds the open files of a process that has just started.
func limitFiles(pid, files int, log *os.File) {
	if files == 0 {
		return
	}
	limit := unix.Rlimit{Cur: uint64(files), Max: uint64(files)}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		unlimited(log, fmt.Sprintf("%d open files", files), err)
	}
}
