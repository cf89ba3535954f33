package rules

import (
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// TestAGoodJoinIsGoodToTheContract draws joins on both sides of every bound and compares with the contract's own rules.
func TestAGoodJoinIsGoodToTheContract(t *testing.T) {
	checker, err := New()
	if err != nil {
		t.Fatal(err)
	}
	name := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9][-A-Za-z0-9._~:@]{0,5}`), rapid.StringMatching(`[-a._~:@/ é]{0,3}`),
		rapid.StringMatching(`[a-c]`), rapid.StringMatching(`[a-z]{127,129}`), rapid.StringMatching(`[a-z]{62,65}`),
	)
	good, bad := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		r := &greenroomv1.JoinRequest{
			Route: name.Draw(t, "route"), Key: name.Draw(t, "key"), Players: rapid.SliceOfN(name, 0, 18).Draw(t, "players"),
			RequestId: name.Draw(t, "request"),
		}
		if rapid.Bool().Draw(t, "waits") {
			r.MaxWait = &durationpb.Duration{
				Seconds: rapid.Int64Range(-1, 601).Draw(t, "seconds"), Nanos: rapid.SampledFrom([]int32{-1, 0, 1, 999_999_999, 1_000_000_000}).Draw(t, "nanos"),
			}
		}
		for range rapid.SampledFrom([]int{0, 0, 1, 2, 64, 65}).Draw(t, "regions") {
			if r.Latencies == nil {
				r.Latencies = map[string]*durationpb.Duration{}
			}
			region := rapid.StringMatching(`[a-z]{1,63}`)
			if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
				region = name
			}
			r.Latencies[region.Draw(t, "region")] = &durationpb.Duration{Seconds: rapid.Int64Range(-1, 61).Draw(t, "far"), Nanos: rapid.SampledFrom([]int32{-1, 0, 1, 999_999_999, 1_000_000_000}).Draw(t, "nanos")}
		}
		refused := checker.validator.Validate(r) != nil
		if goodJoin(r) && refused {
			t.Fatalf("%v was taken for good", r)
		}
		if goodJoin(r) {
			good++
		} else {
			bad++
		}
	})
	if good == 0 || bad == 0 {
		t.Errorf("drew %d good and %d other joins", good, bad)
	}
	if !goodJoin(&greenroomv1.JoinRequest{Route: "plaza", Key: "room-7", Players: []string{"ann", "bob"}, MaxWait: durationpb.New(0)}) {
		t.Error("an everyday join goes the long way")
	}
	if !goodJoin(&greenroomv1.JoinRequest{Route: "plaza", Players: []string{"ann"}, Latencies: map[string]*durationpb.Duration{"tokyo": durationpb.New(12e6)}}) {
		t.Error("an everyday join that has measured goes the long way")
	}
}
