package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

func gateProto(g model.Gate) *greenroomv1.Gate {
	p := &greenroomv1.Gate{Name: g.Name, Window: DurationProto(g.Window), MinSamples: count(g.MinSamples)}
	ratio := func(r *model.RatioGate) *greenroomv1.RatioGate {
		return &greenroomv1.RatioGate{Max: r.Max, MaxMore: r.MaxMore}
	}
	switch {
	case g.ConnectErrors != nil:
		p.Kind = &greenroomv1.Gate_ConnectErrors{ConnectErrors: ratio(g.ConnectErrors)}
	case g.JoinLatency != nil:
		p.Kind = &greenroomv1.Gate_JoinLatency{JoinLatency: &greenroomv1.LatencyGate{
			Quantile: g.JoinLatency.Quantile, Max: DurationProto(g.JoinLatency.Max), MaxRatio: g.JoinLatency.MaxRatio,
		}}
	case g.Reconnects != nil:
		p.Kind = &greenroomv1.Gate_Reconnects{Reconnects: ratio(g.Reconnects)}
	case g.Crashes != nil:
		p.Kind = &greenroomv1.Gate_Crashes{Crashes: &greenroomv1.CrashGate{Max: count(g.Crashes.Max)}}
	case g.Prometheus != nil:
		q := g.Prometheus
		p.Kind = &greenroomv1.Gate_Prometheus{Prometheus: &greenroomv1.PrometheusGate{
			Url: q.URL, Query: q.Query, Max: pointerTo(q.Max), Min: pointerTo(q.Min), MaxRatio: q.MaxRatio,
		}}
	}
	return p
}

func gateModel(p *greenroomv1.Gate) model.Gate {
	g := model.Gate{Name: p.GetName(), Window: DurationModel(p.GetWindow()), MinSamples: int(p.GetMinSamples())}
	ratio := func(r *greenroomv1.RatioGate) *model.RatioGate {
		return &model.RatioGate{Max: r.GetMax(), MaxMore: r.GetMaxMore()}
	}
	switch k := p.GetKind().(type) {
	case *greenroomv1.Gate_ConnectErrors:
		g.ConnectErrors = ratio(k.ConnectErrors)
	case *greenroomv1.Gate_JoinLatency:
		l := k.JoinLatency
		g.JoinLatency = &model.LatencyGate{Quantile: l.GetQuantile(), Max: DurationModel(l.GetMax()), MaxRatio: l.GetMaxRatio()}
	case *greenroomv1.Gate_Reconnects:
		g.Reconnects = ratio(k.Reconnects)
	case *greenroomv1.Gate_Crashes:
		g.Crashes = &model.CrashGate{Max: int(k.Crashes.GetMax())}
	case *greenroomv1.Gate_Prometheus:
		q := k.Prometheus
		g.Prometheus = &model.PrometheusGate{
			URL: q.GetUrl(), Query: q.GetQuery(), Max: pointerTo(q.Max), Min: pointerTo(q.Min), MaxRatio: q.GetMaxRatio(),
		}
	}
	return g
}

// pointerTo copies what a pointer points to; nil for nil.
func pointerTo[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
