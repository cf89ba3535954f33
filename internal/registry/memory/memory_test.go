package memory

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/registrytest"
)

func TestConformance(t *testing.T) {
	registrytest.Run(t, func(_ *testing.T, now time.Time) registry.Registry { return New(now) })
}
