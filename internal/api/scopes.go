package api

import (
	g "greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/store"
)

// scopeOf answers what a procedure asks of its caller: ScopeNone needs no token at all. A procedure that is not listed
// is open to nobody.
func scopeOf(procedure string) (need store.Scope, listed bool) {
	switch procedure {
	case g.SystemServiceGetVersionProcedure, g.SystemServiceLoginProcedure:
		return store.ScopeNone, true

	case g.JoinServiceJoinProcedure, g.JoinServiceLeaveProcedure,
		g.RouteServiceListRegionsProcedure: // who joins for clients tells them what to measure
		return store.ScopeJoin, true

	case g.FleetServiceGetFleetProcedure, g.FleetServiceListFleetsProcedure, g.FleetServiceWatchFleetsProcedure,
		g.FleetServiceExplainFleetProcedure, g.FleetServiceListDecisionsProcedure,
		g.EventServiceGetEventProcedure, g.EventServiceListEventsProcedure, g.EventServiceWatchEventsProcedure,
		g.EventServiceCheckEventProcedure,
		g.HistoryServiceGetHistoryProcedure, g.HistoryServiceGetCostsProcedure, g.HistoryServiceExportTraceProcedure,
		g.RouteServiceGetRouteProcedure, g.RouteServiceListRoutesProcedure, g.RouteServiceWatchRoutesProcedure,
		g.ServerServiceGetServerProcedure, g.ServerServiceListServersProcedure, g.ServerServiceWatchServersProcedure,
		g.SessionServiceGetSessionProcedure, g.SessionServiceListSessionsProcedure, g.SessionServiceWatchSessionsProcedure,
		g.SignalServiceListSignalsProcedure,
		g.FleetServiceListRevisionsProcedure,
		g.NodeServiceListNodesProcedure,
		g.RolloutServiceGetRolloutProcedure, g.RolloutServiceListRolloutsProcedure, g.RolloutServiceWatchRolloutsProcedure,
		g.SystemServiceCreateLoginProcedure: // a login gives no more than its maker has
		return store.ScopeView, true

	case g.ServerServiceDrainServerProcedure, g.ServerServiceUndrainServerProcedure,
		g.ServerServiceReadServerLogsProcedure, // what a program prints may hold secrets
		g.SessionServiceEndSessionProcedure,
		g.NodeServiceDrainNodeProcedure, g.NodeServiceUndrainNodeProcedure,
		g.FleetServicePauseUpgradeProcedure, g.FleetServiceResumeUpgradeProcedure,
		g.FleetServiceUndoUpgradeProcedure, // to what an admin applied before
		g.RolloutServicePauseRolloutProcedure, g.RolloutServiceResumeRolloutProcedure, g.RolloutServicePromoteRolloutProcedure,
		g.RolloutServiceRollbackRouteProcedure,
		g.SignalServiceSetSignalProcedure, g.SignalServiceDeleteSignalProcedure, // fleets grow and shrink by them
		g.EventServiceApplyEventProcedure, g.EventServiceDeleteEventProcedure, // within the fleets' max_servers
		g.SimulateServiceSimulateProcedure, // takes a processor for as long as it runs
		g.StageServicePublishProcedure:     // everybody there is hears it
		return store.ScopeOperate, true

	case g.ApplyServiceApplyProcedure,
		g.FleetServiceApplyFleetProcedure, g.FleetServiceDeleteFleetProcedure,
		g.RouteServiceApplyRouteProcedure, g.RouteServiceDeleteRouteProcedure,
		g.RolloutServiceApplyRolloutProcedure, g.RolloutServiceDeleteRolloutProcedure,
		g.ServerServiceCreateServerTokenProcedure,
		g.SystemServiceCreateTokenProcedure, g.SystemServiceListTokensProcedure, g.SystemServiceRevokeTokenProcedure,
		g.SystemServiceListAuditProcedure:
		return store.ScopeAdmin, true
	}
	return store.ScopeAdmin, false
}

// scopeName is a scope's name as `greenroom token create --scope` takes it.
func scopeName(s store.Scope) string {
	return [...]string{"none", "view", "join", "operate", "admin"}[min(s, store.ScopeAdmin)]
}
