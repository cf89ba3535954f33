package api

import (
	"testing"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/store"
)

func TestScopesHaveTheContractsNumbers(t *testing.T) {
	if got := len(greenroomv1.Scope_name); got != int(store.ScopeAdmin)+1 {
		t.Errorf("the contract has %d scopes", got)
	}
	for s := store.ScopeNone; s <= store.ScopeAdmin; s++ {
		if scopeModel(scopeProto(s)) != s {
			t.Errorf("%s came back as another", scopeName(s))
		}
	}
	if scopeModel(99) != store.ScopeNone || scopeModel(-1) != store.ScopeNone {
		t.Error("a number nobody knows became a scope")
	}
}
