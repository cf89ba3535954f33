package chaos

// Bug is a mistake that is planted into a world, so that a test can tell that the rules find it. Nothing of the control plane's
// own code knows of them: they sit in what stands between it and the world.
type Bug uint32

// Bugs. What is in brackets is where they are planted.
const (
	NoGenerationCheck  Bug = 1 << iota // writes take effect whatever their generation (the registry's door)
	SharedLease                        // a lease is given to whoever asks (likewise)
	EternalReservation                 // a reservation never expires (likewise)
	StaleReport                        // a report of an older stream counts (likewise)
	Oversell                           // a full session has one more seat (likewise, and the server's door)
	NoHold                             // after a restart of everything routers do not wait for the servers (the router's start)
	DeafRouter                         // one router never hears of a change of weights (its specs)
	ForgottenQueue                     // one router never looks at its queue (its loop)
	RememberedServer                   // one router sends joins to the first server it ever had (its registry)
	EarlyEnd                           // a drain ends sessions in place of moving them (the mover)
	ForgottenOrphan                    // a session that lost its server is not placed anew (the mover)
	OpenBeforeFreeze                   // a session is opened elsewhere before it is frozen (the links)
	LostState                          // a session arrives without its state (the links)
	StopInUse                          // a server with players is stopped (the provider)
	DeadBySilence                      // a server whose link is silent is reported dead (the provider)
	DeafProvider                       // servers that are told to stop go on for ever (the provider)
	TwoSeats                           // a player who comes again gets a seat beside the old one (the server's book)
	TicketTwice                        // a released seat's ticket opens again (the server's book)
	UntriedTemplate                    // a server of a new template is taken for ready before it said so (the registry's door)
	DeafPause                          // a paused upgrade goes on (the keepers' specs)
	LostHalt                           // that an upgrade stopped by itself is not kept (the templates)
	BlindStep                          // a rollout is written whatever its serial and its route's generation (the store)
	HalfRollback                       // a rollback is written without its weights (the store)
	ForgottenNode                      // servers are started on machines that go away (the provider)
	ToldItIsOver                       // players whose machine goes away are told that their session is over (the mover)
	DeafNotice                         // keepers do not hear operators' notices (their store)
	MergeEnds                          // sessions are ended for consolidation, in place of being moved (the mover)
	DeafWindow                         // consolidation does not hear of its windows (the keepers' specs)
	TakenForHeard                      // a server that is found again after a restart is taken for one that was heard of (the registry's door)
	FrozenQuery                        // a query that has no number is answered by the last one (the rollouts' Prometheus)
	bugsEnd
)

// Bugs names every planted bug.
func Bugs() map[string]Bug {
	return map[string]Bug{
		"no-generation-check": NoGenerationCheck, "shared-lease": SharedLease, "eternal-reservation": EternalReservation,
		"stale-report": StaleReport, "oversell": Oversell, "no-hold": NoHold, "deaf-router": DeafRouter,
		"forgotten-queue": ForgottenQueue, "remembered-server": RememberedServer, "early-end": EarlyEnd,
		"forgotten-orphan": ForgottenOrphan, "open-before-freeze": OpenBeforeFreeze, "lost-state": LostState,
		"stop-in-use": StopInUse, "dead-by-silence": DeadBySilence, "deaf-provider": DeafProvider, "two-seats": TwoSeats,
		"ticket-twice": TicketTwice, "untried-template": UntriedTemplate, "deaf-pause": DeafPause, "lost-halt": LostHalt, "blind-step": BlindStep, "half-rollback": HalfRollback,
		"forgotten-node": ForgottenNode, "told-it-is-over": ToldItIsOver, "deaf-notice": DeafNotice,
		"merge-ends": MergeEnds, "deaf-window": DeafWindow, "taken-for-heard": TakenForHeard, "frozen-query": FrozenQuery,
	}
}

func (w *World) has(b Bug) bool { return w.bugs&b != 0 }
