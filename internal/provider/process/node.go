package process

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"greenroom.dev/greenroom/internal/provider"
)

// hostNode is this machine's name, where nobody gave it another.
func hostNode() string {
	name, err := os.Hostname()
	if err != nil {
		return "this-machine"
	}
	return cmp.Or(name, "this-machine")
}

// node chooses the machine that a server is started on: of those that stay the one with the fewest servers. ErrNoNode when
// none stays. It counts there until done is called.
func (p *Process) node(leaving []string) (best string, done func(), err error) {
	all := p.list()
	p.mu.Lock()
	defer p.mu.Unlock()
	has := maps.Clone(p.starting)
	for _, in := range all {
		if i := in.look(); i.Running {
			has[i.Node]++
		}
	}
	for _, n := range p.cfg.Nodes {
		if !slices.Contains(leaving, n) && (best == "" || has[n] < has[best]) {
			best = n
		}
	}
	if best == "" {
		return "", nil, fmt.Errorf("%w: node %s leaves, and processes run nowhere else", provider.ErrNoNode, strings.Join(p.cfg.Nodes, " and node "))
	}
	p.starting[best]++
	return best, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.starting[best]--
	}, nil
}
