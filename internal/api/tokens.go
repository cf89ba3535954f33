package api

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/store"
)

// scopeProto makes the contract's scope. The numbers are the same on both sides.
func scopeProto(s store.Scope) greenroomv1.Scope { return greenroomv1.Scope(s) }

// scopeModel is the store's scope; none for one this version does not know.
func scopeModel(p greenroomv1.Scope) store.Scope {
	if p < 0 || p > greenroomv1.Scope(store.ScopeAdmin) {
		return store.ScopeNone
	}
	return store.Scope(p)
}

// tokenProto makes the contract's token; its hash stays inside.
func tokenProto(t store.Token) *greenroomv1.Token {
	return &greenroomv1.Token{
		Name:       t.Name,
		Scope:      scopeProto(t.Scope),
		CreatedAt:  convert.TimeProto(t.CreatedAt),
		ExpiresAt:  convert.TimeProto(t.ExpiresAt),
		LastUsedAt: convert.TimeProto(t.LastUsedAt),
	}
}

// auditProto makes the contract's line of the audit log.
func auditProto(e store.AuditEntry) *greenroomv1.AuditEntry {
	return &greenroomv1.AuditEntry{
		Id:     e.ID,
		At:     convert.TimeProto(e.At),
		Actor:  e.Actor,
		Action: e.Action,
		Target: e.Target,
		Detail: e.Detail,
	}
}
