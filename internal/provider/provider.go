// Package provider owns the interface to the engines that run servers. Implementations live in the folders below and
// all pass providertest.
package provider

import (
	"context"
	"errors"
	"io"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

var (
	// ErrNotFound: the provider has no such server.
	ErrNotFound = errors.New("not found")
	// ErrNoNode: there is no machine to start a server on, or those that there are go away. It is no fault of the spec.
	ErrNoNode = errors.New("no machine to start it on")
)

// Provider runs servers. Every verb may be repeated: starting one that runs and stopping one that is gone succeed.
type Provider interface {
	// Start brings a server into being and returns once the provider has taken it on, not once it is ready. Errors
	// name what is wrong with the spec where it is that ("command: no such file …").
	Start(ctx context.Context, start Start) (Instance, error)
	// Stop begins to end a server, politely first, and returns at once; the Instance disappears when it is gone.
	Stop(ctx context.Context, id model.ServerID) error
	// Observe tells everything the provider runs or ran for this Greenroom, those found again after a restart too.
	Observe(ctx context.Context) ([]Instance, error)
	// Forget drops what is kept of an instance that has ended: its record and its log.
	Forget(ctx context.Context, id model.ServerID) error
	// Watch gives a channel that receives after an instance started or ended, coalesced; closed when ctx ends.
	Watch(ctx context.Context) <-chan struct{}
	// Logs copies the last `tail` lines to w, then, with follow, what is added until ctx ends. ErrNotFound.
	Logs(ctx context.Context, id model.ServerID, tail int, follow bool, w io.Writer) error
	// Check tells what is wrong with a fleet's provider spec, without side effects; nil if nothing is. The error's
	// text starts with the field's path, such as "provider.process.command[0]: …".
	Check(spec model.FleetSpec) error
}

// Start is the input of Provider.Start.
type Start struct {
	ID    model.ServerID
	Fleet model.FleetName
	Spec  model.FleetSpec   // with defaults
	Env   map[string]string // Greenroom's own variables for the child: link address, token
	// Revision of the fleet's template in Spec; Observe answers it with the instance, after a restart too.
	Revision uint64
	// Leaving are nodes that it must not be started on. ErrNoNode when there is no other.
	Leaving []string
}

// Instance is what a provider knows of a server.
type Instance struct {
	ID        model.ServerID
	Fleet     model.FleetName
	Ref       string         // the provider's own name for it, such as "pid 4711"
	Ports     map[string]int // allocated, by name
	Host      string         // where players reach the ports
	StartedAt time.Time
	Running   bool
	// Exit says how it ended ("exit status 1", "signal: killed"); "" while it runs or when nobody could see it.
	Exit string
	// Stopping: Stop was called.
	Stopping bool

	Node     string // the machine it is on
	Revision uint64 // of the template it was started from; 0: not known
	// Doubt says why the provider, which sees it from outside, thinks that it does not serve ("3 probes without an
	// answer"); "": it does, or the provider does not look.
	Doubt string
	// Leave is the notice that its machine goes away; nil: none that the provider knows of.
	Leave *model.NodeLeave
	// Endpoints are where players are sent, when they are not made of Host and Ports.
	Endpoints []model.Endpoint
	// Capacity is the server's own where it differs from the fleet's; zero fields: it does not.
	Capacity model.Capacity
	// Reported is what the server itself last said of how it goes; nil: nothing. Shared: not to be changed.
	Reported *Reported
}

// Reported is what a server that has no link says when it is asked from outside.
type Reported struct {
	Sessions int // -1: not said
	Players  int // -1: not said
	At       time.Time
}
