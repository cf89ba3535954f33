package agonessdk

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	agones "greenroom.dev/greenroom/gen/agones/dev/sdk"
	"greenroom.dev/greenroom/internal/registry"
)

// watch sends the server as it is, then each time it has changed, until ctx ends or send fails.
func (s *SDK) watch(ctx context.Context, c *child, send func(*agones.GameServer) error) error {
	var last *agones.GameServer
	for {
		changed := c.waitForChange()
		now, err := s.gameServer(ctx, c)
		switch {
		case errors.Is(err, registry.ErrNotFound): // it will be found again
		case err != nil:
			return err
		case !sameButRevision(last, now):
			if err := send(now); err != nil {
				return err
			}
			last = now
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// sameButRevision: each sign of life and each player's coming raises the revision; that is no news.
func sameButRevision(a, b *agones.GameServer) bool {
	if a == nil {
		return false
	}
	b = proto.CloneOf(b)
	b.ObjectMeta.ResourceVersion = a.GetObjectMeta().GetResourceVersion()
	return proto.Equal(a, b)
}
