package memory

import (
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

func TestRequestsAreRememberedLongEnoughAndNotForEver(t *testing.T) {
	r, now := requests{bound: 1000}, time.Now()
	remember := func(id string) {
		r.turn(now)
		r.remember(id, answer{})
	}
	knows := func(id string) bool {
		r.turn(now)
		_, ok := r.find(id)
		return ok
	}
	remember("first")
	now = now.Add(model.RequestMemory - 1)
	remember("second")
	now = now.Add(model.RequestMemory)
	if !knows("second") {
		t.Error("forgotten too early")
	}
	now = now.Add(model.RequestMemory)
	if knows("first") || knows("second") {
		t.Error("remembered for more than twice the time")
	}
	remember("third")
	now = now.Add(time.Hour)
	if knows("third") {
		t.Error("remembered through an idle hour")
	}
}

func TestRequestsAreBounded(t *testing.T) {
	r, now := requests{bound: 10}, time.Now()
	for i := range 100 {
		r.turn(now)
		r.remember(fmt.Sprint(i), answer{})
		if n := len(r.young) + len(r.old); n > 20 {
			t.Fatalf("%d remembered", n)
		}
		for last := max(0, i-9); last <= i; last++ {
			if _, ok := r.find(fmt.Sprint(last)); !ok {
				t.Fatalf("%d forgotten at %d", last, i)
			}
		}
	}
}
