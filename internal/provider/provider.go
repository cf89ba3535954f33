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

// ErrNotFound: the provider has no such server.
var ErrNotFound = errors.New("not found")

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
}
