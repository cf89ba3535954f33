package api

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// TestAWatchQueuesNothing changes one object a thousand times in ten seconds, for a client that takes a second for each
// message, and for one that takes none.
func TestAWatchQueuesNothing(t *testing.T) {
	for _, c := range []struct {
		takes    time.Duration
		min, max int // messages in ten seconds
	}{{0, 95, 101}, {time.Second, 9, 11}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			changed := make(chan struct{}, 1)
			var version, messages, newest atomic.Int64
			done := make(chan error)
			go func() {
				done <- watch(
					ctx, []<-chan struct{}{changed},
					func() ([]object[string, int], error) {
						v := int(version.Load())
						return []object[string, int]{{name: "x", version: v, message: func() int { return v }}}, nil
					},
					func(string) int { return -1 },
					func(change greenroomv1.ChangeType, v int) error {
						if change != greenroomv1.ChangeType_CHANGE_TYPE_SYNCED {
							messages.Add(1)
							newest.Store(int64(v))
							<-time.After(c.takes) // of synctest's clock
						}
						return nil
					},
				)
			}()
			for range 1000 {
				synctest.Wait()
				version.Add(1)
				select {
				case changed <- struct{}{}:
				default:
				}
				<-time.After(10 * time.Millisecond)
			}
			if n := int(messages.Load()); n < c.min || n > c.max {
				t.Errorf("%s a message: %d messages, want %d to %d", c.takes, n, c.min, c.max)
			}
			<-time.After(3 * time.Second)
			synctest.Wait()
			if newest.Load() != version.Load() {
				t.Errorf("%s a message: the last was %d of %d", c.takes, newest.Load(), version.Load())
			}
			cancel()
			close(changed)
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

func TestARoundSendsTheDifference(t *testing.T) {
	sent := map[string]any{}
	step := func(want string, now ...object[string, string]) {
		t.Helper()
		var got []string
		err := round(
			sent, func() ([]object[string, string], error) { return now, nil },
			func(name string) string { return "no " + name },
			func(change greenroomv1.ChangeType, m string) error {
				got = append(got, fmt.Sprint(int(change), m))
				return nil
			},
		)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("sent %v, %v; want %s", got, err, want)
		}
	}
	o := func(name string, version int) object[string, string] {
		return object[string, string]{name: name, version: version, message: func() string { return fmt.Sprint(name, version) }}
	}
	step("[1a1 1b1]", o("a", 1), o("b", 1))
	step("[]", o("a", 1), o("b", 1))
	step("[2b2 1c1]", o("a", 1), o("b", 2), o("c", 1))
	step("[3no a]", o("b", 2), o("c", 1))
}
