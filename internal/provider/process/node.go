package process

import (
	"cmp"
	"fmt"
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
// none stays.
func (p *Process) node(leaving []string) (best string, err error) {
	has := map[string]int{}
	for _, in := range p.list() {
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
		return "", fmt.Errorf("%w: node %s leaves, and processes run nowhere else", provider.ErrNoNode, strings.Join(p.cfg.Nodes, " and node "))
	}
	return best, nil
}
