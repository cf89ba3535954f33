package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/store"
)

// ScopeProto makes the contract's scope. The numbers are the same on both sides.
func ScopeProto(s store.Scope) greenroomv1.Scope { return greenroomv1.Scope(s) }

// ScopeModel is the store's scope; none for one this version does not know.
func ScopeModel(p greenroomv1.Scope) store.Scope {
	if p < 0 || p > greenroomv1.Scope(store.ScopeAdmin) {
		return store.ScopeNone
	}
	return store.Scope(p)
}

// TokenProto makes the contract's token; its hash stays inside.
func TokenProto(t store.Token) *greenroomv1.Token {
	return &greenroomv1.Token{
		Name:       t.Name,
		Scope:      ScopeProto(t.Scope),
		CreatedAt:  TimeProto(t.CreatedAt),
		ExpiresAt:  TimeProto(t.ExpiresAt),
		LastUsedAt: TimeProto(t.LastUsedAt),
	}
}

// AuditProto makes the contract's line of the audit log.
func AuditProto(e store.AuditEntry) *greenroomv1.AuditEntry {
	return &greenroomv1.AuditEntry{
		Id:     e.ID,
		At:     TimeProto(e.At),
		Actor:  e.Actor,
		Action: e.Action,
		Target: e.Target,
		Detail: e.Detail,
	}
}
