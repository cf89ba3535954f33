package process

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"

	"greenroom.dev/greenroom/internal/model"
)

// ports gives out port numbers. A number is one server's for TCP and UDP alike; one that was given back is the last to
// be given again, so that a late player of the old server does not meet a new one.
type ports struct {
	min, max int

	mu    sync.Mutex
	taken map[int]bool
	next  int
}

func newPorts(lowest, highest int) *ports {
	return &ports{min: lowest, max: highest, taken: map[int]bool{}, next: lowest}
}

// keep takes the ports of a server that was found again.
func (p *ports) keep(numbers map[string]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range numbers {
		p.taken[n] = true
		if n >= p.next && n < p.max {
			p.next = n + 1
		}
	}
}

func (p *ports) free(numbers map[string]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range numbers {
		delete(p.taken, n)
	}
}

// take gives a number to each of the wanted ports, all or none. Every number was free to listen on a moment ago.
func (p *ports) take(wanted []model.Port) (map[string]int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := map[string]int{}
	for i, w := range wanted {
		n, err := p.one(w)
		if err != nil {
			for _, n := range got {
				delete(p.taken, n)
			}
			return nil, fmt.Errorf("provider.process.ports[%d]: %w", i, err)
		}
		got[w.Name] = n
		p.taken[n] = true
	}
	return got, nil
}

func (p *ports) one(w model.Port) (int, error) {
	if w.Number != 0 {
		if err := p.try(w.Number, w.UDP); err != nil {
			return 0, fmt.Errorf("port %d (%s) %w", w.Number, w.Name, err)
		}
		return w.Number, nil
	}
	for range p.max - p.min + 1 {
		n := p.next
		if p.next++; p.next > p.max {
			p.next = p.min
		}
		if p.try(n, w.UDP) == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("no port for %s is free from %d to %d", w.Name, p.min, p.max)
}

// try tells whether a number can be listened on now.
func (p *ports) try(n int, udp bool) error {
	if p.taken[n] {
		return errors.New("is in use by another server of this Greenroom")
	}
	addr := ":" + strconv.Itoa(n)
	var c interface{ Close() error }
	var err error
	if udp {
		c, err = net.ListenPacket("udp", addr)
	} else {
		c, err = net.Listen("tcp", addr)
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return errors.New("is in use")
	case err != nil:
		return fmt.Errorf("cannot be listened on: %w", err)
	}
	return c.Close()
}
