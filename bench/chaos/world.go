//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Roles of this program's processes, its first argument; none is the one that a person starts.
const (
	roleInit    = "init"    // process 1 of the namespaces: takes leave of orphans
	roleWorld   = "world"   // runs the control plane, hurts it, and judges
	rolePlayers = "players" // behind the network: bots and the clients whose joins are written down
)

// Addresses of the two ends of the network between players and servers.
const (
	serversAddr = "10.77.0.1"
	playersAddr = "10.77.0.2"
	deviceName  = "greenroom0"
)

// enclose runs this program as process 1 of namespaces of its own: processes, network, mounts. What it mounts and starts ends
// with it. It answers the exit code; an error says that there are no namespaces to be had.
func enclose(args []string) (int, error) {
	cmd := exec.Command("/proc/self/exe", append([]string{roleInit}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	runtime.LockOSThread() // the child dies with the thread that started it
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	err := cmd.Wait()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}

// asInit is process 1: it starts the world, waits for whoever ends, as nobody else does for orphans, and ends with the world.
func asInit(args []string) int {
	if err := errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("proc", "/proc", "proc", 0, ""),
		exec.Command("ip", "link", "set", "lo", "up").Run(),
		// All players come from one address here: it is to be told of each closed port, as a player's own would be.
		os.WriteFile("/proc/sys/net/ipv4/icmp_ratelimit", []byte("0"), 0),
	); err != nil {
		fmt.Fprintln(os.Stderr, "chaos: set the namespaces up:", err)
		return exitNoRoom
	}
	world, err := os.StartProcess("/proc/self/exe", append([]string{os.Args[0], roleWorld}, args...), &os.ProcAttr{
		Files: []*os.File{nil, os.Stdout, os.Stderr},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return exitNoWorld
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid == world.Pid {
			return status.ExitStatus()
		}
	}
}

// mountDisk puts a file system of its own, of size bytes, under dir.
func mountDisk(dir string, size int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := unix.Mount("greenroom-chaos", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		return fmt.Errorf("mount a tmpfs on %s: %w", dir, err)
	}
	return nil
}

// ballast is the file that fills the disk.
const ballast = "ballast"

// fill writes until the disk under dir is full; empty takes that back.
func fill(dir string) error {
	f, err := os.Create(filepath.Join(dir, ballast))
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 { // down to the last byte
		for block := make([]byte, size); err == nil; {
			_, err = f.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
		err = nil
	}
	return nil
}

func empty(dir string) error { return os.Remove(filepath.Join(dir, ballast)) }

// startBehind starts a command in a network namespace of its own, which has nothing but one end of the network; here is
// the other one.
func startBehind(cmd *exec.Cmd, here io.ReadWriteCloser) (*network, error) {
	type result struct {
		there io.ReadWriteCloser
		err   error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine, and its namespace with the players
		there, err := func() (io.ReadWriteCloser, error) {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return nil, fmt.Errorf("network of the players: %w", err)
			}
			there, err := openDevice(playersAddr)
			if err != nil {
				return nil, err
			}
			return there, errors.Join(exec.Command("ip", "link", "set", "lo", "up").Run(), cmd.Start())
		}()
		done <- result{there, err}
	}()
	r := <-done
	if r.err != nil {
		return nil, r.err
	}
	return newNetwork(here, r.there), nil
}

// openDevice makes a TUN device with an address in the thread's network namespace. What is sent to the other addresses of
// its network is read from it, a packet a read, and what is written to it arrives.
func openDevice(addr string) (io.ReadWriteCloser, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(deviceName)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("make a TUN device: %w", err)
	}
	for _, args := range []string{"addr add " + addr + "/24 dev " + deviceName, "link set " + deviceName + " txqueuelen 4000 up"} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			_ = unix.Close(fd)
			return nil, fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
	}
	return os.NewFile(uintptr(fd), deviceName), nil
}
