package usage

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OnEC2 tells whether this machine is one of Amazon's, by what its firmware says of itself.
func OnEC2() bool {
	vendor, err := os.ReadFile("/sys/class/dmi/id/sys_vendor")
	return err == nil && strings.HasPrefix(string(vendor), "Amazon EC2")
}

// Allowances are how often, since it started, the instance's network cards were over what the instance may do: ENA's
// counters whose names end in _allowance_exceeded, over all cards. Empty where there is no such card.
func Allowances() map[string]uint64 {
	all := map[string]uint64{}
	cards, _ := filepath.Glob("/sys/class/net/*")
	for _, card := range cards {
		driver, err := os.Readlink(filepath.Join(card, "device/driver"))
		if err != nil || filepath.Base(driver) != "ena" {
			continue
		}
		counters, err := cardCounters(filepath.Base(card))
		if err != nil {
			continue
		}
		for name, n := range counters {
			if strings.HasSuffix(name, "_allowance_exceeded") {
				all[name] += n
			}
		}
	}
	return all
}

// cardNameBytes is the length of a counter's name, ETH_GSTRING_LEN.
const cardNameBytes = 32

// statsNames is the set of names asked for, ETH_SS_STATS.
const statsNames = 1

// cardCounters are what `ethtool -S` shows of a network card.
func cardCounters(card string) (map[string]uint64, error) {
	const (
		headBytes   = 12 // command, set, number; of the counters: command, number
		maxCounters = 100_000
	)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	info, err := unix.IoctlGetEthtoolDrvinfo(fd, card)
	if err != nil {
		return nil, err
	}
	n := int(min(info.N_stats, maxCounters))
	names := make([]byte, headBytes+n*cardNameBytes)
	binary.NativeEndian.PutUint32(names, unix.ETHTOOL_GSTRINGS)
	binary.NativeEndian.PutUint32(names[4:], statsNames)
	binary.NativeEndian.PutUint32(names[8:], uint32(n))
	if err := ethtool(fd, card, names); err != nil {
		return nil, err
	}
	values := make([]byte, 8+n*8)
	binary.NativeEndian.PutUint32(values, unix.ETHTOOL_GSTATS)
	binary.NativeEndian.PutUint32(values[4:], uint32(n))
	if err := ethtool(fd, card, values); err != nil {
		return nil, err
	}
	return countersOf(names[headBytes:], values[8:]), nil
}

// countersOf puts names, 32 bytes each and ended by zeros, to 8-byte values.
func countersOf(names, values []byte) map[string]uint64 {
	all := map[string]uint64{}
	for len(names) >= cardNameBytes && len(values) >= 8 {
		name, _, _ := bytes.Cut(names[:cardNameBytes], []byte{0})
		all[string(name)] = binary.NativeEndian.Uint64(values)
		names, values = names[cardNameBytes:], values[8:]
	}
	return all
}

// ethtool asks a card's driver; question is answered in place.
func ethtool(fd int, card string, question []byte) error {
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of struct ifreq
	}{data: unsafe.Pointer(&question[0])}
	copy(request.name[:unix.IFNAMSIZ-1], card)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno
	}
	return nil
}
