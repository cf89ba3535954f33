package convert

import (
	"slices"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// ScalingProto makes the contract's scaling; nil when nothing is said.
func ScalingProto(s model.Scaling) *greenroomv1.Scaling {
	p := &greenroomv1.Scaling{
		Policies:           each(s.Policies, policyProto),
		MaxStartsPerMinute: count(s.MaxStartsPerMinute),
		MaxStopsPerMinute:  count(s.MaxStopsPerMinute),
		Stabilization:      DurationProto(s.Stabilization),
		ScaleInWindows:     each(s.ScaleInWindows, WindowProto),
		Budgets:            each(s.Budgets, budgetProto),
	}
	if s.Consolidation != nil {
		p.Consolidation = consolidationProto(*s.Consolidation)
		return p
	}
	if len(s.Policies)+len(s.ScaleInWindows)+len(s.Budgets)+s.MaxStartsPerMinute+s.MaxStopsPerMinute == 0 && s.Stabilization == 0 {
		return nil
	}
	return p
}

// ScalingModel is the model's scaling, as written: without defaults.
func ScalingModel(p *greenroomv1.Scaling) model.Scaling {
	s := model.Scaling{
		Policies:           each(p.GetPolicies(), policyModel),
		MaxStartsPerMinute: int(p.GetMaxStartsPerMinute()),
		MaxStopsPerMinute:  int(p.GetMaxStopsPerMinute()),
		Stabilization:      DurationModel(p.GetStabilization()),
		ScaleInWindows:     each(p.GetScaleInWindows(), WindowModel),
		Budgets:            each(p.GetBudgets(), budgetModel),
	}
	if p.GetConsolidation() != nil {
		c := consolidationModel(p.GetConsolidation())
		s.Consolidation = &c
	}
	return s
}

func consolidationProto(c model.Consolidation) *greenroomv1.Consolidation {
	return &greenroomv1.Consolidation{
		Below: c.Below, After: DurationProto(c.After), MaxMovesPerMinute: count(c.MaxMovesPerMinute),
		MinStay: DurationProto(c.MinStay), Windows: each(c.Windows, WindowProto),
	}
}

func consolidationModel(p *greenroomv1.Consolidation) model.Consolidation {
	return model.Consolidation{
		Below: p.GetBelow(), After: DurationModel(p.GetAfter()), MaxMovesPerMinute: int(p.GetMaxMovesPerMinute()),
		MinStay: DurationModel(p.GetMinStay()), Windows: each(p.GetWindows(), WindowModel),
	}
}

// WindowProto makes the contract's window.
func WindowProto(w model.Window) *greenroomv1.Window {
	return &greenroomv1.Window{Cron: w.Cron, Duration: DurationProto(w.Duration), TimeZone: w.TimeZone}
}

// WindowModel is the model's window.
func WindowModel(p *greenroomv1.Window) model.Window {
	return model.Window{Cron: p.GetCron(), Duration: DurationModel(p.GetDuration()), TimeZone: p.GetTimeZone()}
}

func budgetProto(b model.Budget) *greenroomv1.Budget {
	p := &greenroomv1.Budget{Servers: b.Servers, Reasons: slices.Clone(b.Reasons)}
	if b.Window != nil {
		p.Window = WindowProto(*b.Window)
	}
	return p
}

func budgetModel(p *greenroomv1.Budget) model.Budget {
	b := model.Budget{Servers: p.GetServers(), Reasons: slices.Clone(p.GetReasons())}
	if p.GetWindow() != nil {
		w := WindowModel(p.GetWindow())
		b.Window = &w
	}
	return b
}

// PriceProto makes the contract's price; nil for one that is not known.
func PriceProto(p model.Price) *greenroomv1.Price {
	if p == (model.Price{}) {
		return nil
	}
	return &greenroomv1.Price{
		PerServerHour: p.PerServerHour, Currency: p.Currency, InstanceType: p.InstanceType, Spot: p.Spot, Architecture: p.Architecture,
	}
}

// PriceModel is the model's price; zero for nil.
func PriceModel(p *greenroomv1.Price) model.Price {
	return model.Price{
		PerServerHour: p.GetPerServerHour(), Currency: p.GetCurrency(), InstanceType: p.GetInstanceType(),
		Spot: p.GetSpot(), Architecture: p.GetArchitecture(),
	}
}
