package simulate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/decide/rival"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
)

// Policy is how fleets are scaled in a simulation: as they say themselves, by one spec for all, or by a rival's rule.
// At most one of its pointers is set.
type Policy struct {
	Name string
	// Consolidate has every fleet merge its sessions onto fewer servers, by the defaults where it does not say how.
	Consolidate bool
	Spec        *model.FleetSpec // whose scaling, buffers and scale-in time stand in place of every fleet's own
	Buffer      *rival.Buffer    // its Min and Max are each fleet's
	HPA         *rival.HPA       // likewise
}

// Names of policies, as ParsePolicy takes them.
const (
	Own          = "own"
	OwnMerged    = "own+consolidation"
	AgonesBuffer = "agones-buffer"
	HPA          = "hpa"
)

// MaxPolicies bounds the policies that are held against each other at once.
const MaxPolicies = 16

// ParsePolicy reads "own", "own+consolidation", "agones-buffer:N", "agones-buffer:N%" or "hpa:TARGET".
func ParsePolicy(text string) (Policy, error) {
	name, value, has := strings.Cut(text, ":")
	p := Policy{Name: text}
	switch name {
	case Own, OwnMerged:
		if has {
			return Policy{}, fmt.Errorf("policy %q: %q takes no number", text, name)
		}
		p.Consolidate = name == OwnMerged
		return p, nil
	case AgonesBuffer:
		share, percent := strings.CutSuffix(value, "%")
		n, err := strconv.Atoi(share)
		switch {
		case err != nil || n < 1 || n > 100_000:
			return Policy{}, fmt.Errorf("policy %q: say how many servers stand by, such as agones-buffer:5 or agones-buffer:10%%", text)
		case percent && n > 99:
			return Policy{}, fmt.Errorf("policy %q: a buffer is at most 99%% of the servers", text)
		case percent:
			p.Buffer = &rival.Buffer{Percent: n}
		default:
			p.Buffer = &rival.Buffer{Servers: n}
		}
		return p, nil
	case HPA:
		target, err := strconv.ParseFloat(value, 64)
		if err != nil || !(target > 0 && target <= 1) {
			return Policy{}, fmt.Errorf("policy %q: say which utilisation to keep, above 0 and up to 1, such as hpa:0.7", text)
		}
		p.HPA = &rival.HPA{Target: target}
		return p, nil
	}
	return Policy{}, fmt.Errorf("no policy %q%s; there are own, own+consolidation, agones-buffer:N, agones-buffer:N%% and hpa:TARGET",
		text, nearest.DidYouMean(name, []string{Own, OwnMerged, AgonesBuffer, HPA}))
}

// rival tells whether the policy is somebody else's rule.
func (p *Policy) rival() bool { return p.Buffer != nil || p.HPA != nil }

// every is how often a rival looks.
func (p *Policy) every() time.Duration {
	if p.HPA != nil {
		return rival.HPAPoll
	}
	return rival.BufferSync
}

// apply gives the fleet as it is under the policy.
func (p *Policy) apply(spec model.FleetSpec) model.FleetSpec {
	switch {
	case p.rival():
		return driven(spec)
	case p.Spec != nil:
		spec.Scaling, spec.Ready, spec.Open, spec.ScaleInAfter = p.Spec.Scaling, p.Spec.Ready, p.Spec.Open, p.Spec.ScaleInAfter
		return spec.WithDefaults()
	case p.Consolidate && spec.Scaling.Consolidation == nil:
		spec.Scaling.Consolidation = &model.Consolidation{}
	}
	return spec.WithDefaults()
}
