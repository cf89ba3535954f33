package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"greenroom.dev/greenroom/internal/model"
)

const (
	cgroupRoot   = "/sys/fs/cgroup"
	cgroupPeriod = 100_000 // µs, the kernel's default
)

// group is the control group (cgroups(7), version 2) that bounds one server; the zero one bounds nothing.
type group struct {
	dir string
	fd  *os.File
}

// limitGroup makes a server's control group next to this process's own and has the server be started in it. What cannot
// be enforced is said in the server's log.
func limitGroup(spec *model.ProcessSpec, id model.ServerID, attr *syscall.SysProcAttr, log *os.File) group {
	limits := map[string]string{}
	var said []string
	if spec.MemoryMiB > 0 {
		limits["memory.max"] = fmt.Sprint(spec.MemoryMiB << 20)
		said = append(said, fmt.Sprintf("%d MiB of memory", spec.MemoryMiB))
	}
	if spec.CPUMillis > 0 {
		limits["cpu.max"] = fmt.Sprintf("%d %d", spec.CPUMillis*cgroupPeriod/1000, cgroupPeriod)
		said = append(said, fmt.Sprintf("%d thousandths of a CPU", spec.CPUMillis))
	}
	if len(limits) == 0 {
		return group{}
	}
	g, err := makeGroup(id, limits)
	if err != nil {
		g.remove()
		unlimited(log, strings.Join(said, " and "), err)
		return group{}
	}
	attr.UseCgroupFD, attr.CgroupFD = true, int(g.fd.Fd())
	return g
}

func makeGroup(id model.ServerID, limits map[string]string) (group, error) {
	dir, err := groupDir(id)
	if err != nil {
		return group{}, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return group{}, err
	}
	g := group{dir: dir}
	for file, limit := range limits {
		// Not os.WriteFile: a control group's files are there or not, they are never made.
		f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
		if err != nil {
			return g, err
		}
		_, err = f.WriteString(limit)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return g, err
		}
	}
	g.fd, err = os.Open(dir)
	return g, err
}

// groupDir is where a server's control group is: below the parent of this process's own, whose controllers are given to
// siblings, or below the root if this is where the process is.
func groupDir(id model.ServerID) (string, error) {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	path, ok := strings.CutPrefix(strings.TrimSpace(string(own)), "0::")
	if !ok {
		return "", fmt.Errorf("control groups are not version 2")
	}
	return filepath.Join(cgroupRoot, filepath.Dir(path), "greenroom-"+string(id)), nil
}

// started lets go of what the start needed.
func (g group) started() {
	if g.fd != nil {
		g.fd.Close()
	}
}

func (g group) remove() {
	if g.dir != "" {
		_ = os.Remove(g.dir)
	}
}

// removeGroup removes what limitGroup made, if it did.
func removeGroup(id model.ServerID) {
	if dir, err := groupDir(id); err == nil {
		_ = os.Remove(dir) // an empty control group is removed like an empty folder
	}
}

func unlimited(log *os.File, what string, err error) {
	fmt.Fprintf(log, "greenroom: the limit of %s is not enforced: %v\n", what, err)
}
