//go:build !linux

package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"greenroom.dev/greenroom/internal/model"
)

// birthOf names the time of a process's birth, as ps(1) tells it. "" if there is none, or only its zombie.
func birthOf(pid int) string {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	state, birth, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || strings.HasPrefix(state, "Z") {
		return ""
	}
	return strings.TrimSpace(birth)
}

func alive(pid int, birth string) bool { return birthOf(pid) == birth }

// findByServer cannot look into other processes' environment here.
func findByServer(model.ServerID) int { return 0 }

func awaitExit(ctx context.Context, pid int, birth string) bool {
	return awaitExitPolling(ctx, pid, birth)
}

// group would bound a server; there is none here.
type group struct{}

func (group) started() {}
func (group) remove()  {}

func removeGroup(model.ServerID) {}

func limitGroup(spec *model.ProcessSpec, _ model.ServerID, _ *syscall.SysProcAttr, log *os.File) group {
	if spec.MemoryMiB > 0 || spec.CPUMillis > 0 {
		unlimited(log, "memory and CPU")
	}
	return group{}
}

func limitFiles(_, files int, log *os.File) {
	if files > 0 {
		unlimited(log, "open files")
	}
}

func unlimited(log *os.File, what string) {
	fmt.Fprintf(log, "greenroom: the limit of %s is not enforced on this operating system\n", what)
}
