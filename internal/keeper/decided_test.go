package keeper

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// TestEveryDecisionIsToldOnce: what the explanation remembers with a result is what was told, each once.
func TestEveryDecisionIsToldOnce(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		for i := range 6 {
			h.join(model.SessionKey(fmt.Sprintf("room-%d", i)))
		}
		if _, err := h.keeper.Drain(context.Background(), h.session("room-0").Server, DrainPolicy{}, "update of the host"); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Minute)
		e, _ := h.keeper.Explain("plaza")
		byTime := func(all []Decision) []Decision {
			all = slices.Clone(all)
			slices.SortFunc(all, func(a, b Decision) int {
				if c := a.At.Compare(b.At); c != 0 {
					return c
				}
				return strings.Compare(a.Sentence, b.Sentence)
			})
			return all
		}
		told, remembered := byTime(h.heard), byTime(e.History)
		if len(told) < 5 || !reflect.DeepEqual(told, remembered) {
			t.Errorf("told:\n%+v\nremembered:\n%+v", told, remembered)
		}
	})
}

func TestAFailureIsTold(t *testing.T) {
	story(t, func(h *house) {
		h.machine.refuse = errors.New("command: no such file /opt/game")
		h.store.apply(plaza())
		h.pass(5 * time.Second)
		if len(h.heard) == 0 || !strings.Contains(h.heard[0].Result, "no such file") || h.heard[0].Verb != "start" {
			t.Errorf("told: %+v", h.heard)
		}
	})
}
