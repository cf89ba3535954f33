package chaos

// situation is something that a run has to have met, or it has proved less than it says.
type situation uint8

// Situations.
const (
	messageLost situation = iota
	messageLate
	messageTwice
	streamBroke
	connectionBroke
	partitioned
	paused
	clockStepped
	serverDied
	boxDied
	routerDied
	keeperDied
	hubDied
	planeDied
	providerFailed
	providerSlow
	neverReady
	storeFailed
	refreshFailed
	weightsChanged
	rolledBack
	fleetChanged
	drainAsked
	drainTakenBack
	drainMetCrash
	joinRacedDrain
	joinMetMove
	joinMetEnd
	joinMetHold
	joinMetFullSession
	joinMetFullFleet
	joinWaited
	joinExpired
	reserveAnswerLost
	placementLost
	claimAnswerLost
	requestRepeated
	seatNeverClaimed
	ghostAppeared
	ghostForgotten
	clientGaveUp
	clientCameBack
	clientRedirected
	clientCut
	leftByRouter
	seatResumed
	seatReplaced
	doorNotReady
	doorRefused
	releasedTicketRefused
	expiredTicketRefused
	departedTicketRefused
	sessionMoved
	sessionsOrphaned
	moveCalledOff
	moveFoundNoRoom
	movedTwiceAtOnce
	frozeUnentered
	frozenResumed
	freezeAnswerLost
	openAnswerLost
	closeNotTold
	endedAtDeadline
	leaseChangedHands
	twoKeepersActed
	tickOutlivedLease
	staleChangeRefused
	staleHelloRefused
	helloNamedStale
	reportCameLate
	serverCameTooLate
	newsTooLate
	upgradeBegan
	upgradePaused
	upgradeResumed
	upgradeUndone
	upgradeStopped
	upgradeDrained
	upgradeTookBack
	upgradeMetDeath
	rolloutBegan
	rolloutWentOn
	rolloutDone
	rolloutFailed
	rolloutStopped
	rolloutSlow
	rolloutAnsweredBadly
	rolloutUnanswered
	rolloutPaused
	rolloutResumed
	rolloutPushed
	rolloutConflict
	rollbackAsked
	rollbackDone
	rollbackDrained
	rollbackMetPartition
	noticed
	noticedAgain
	noticeTakenBack
	noticedBoxDied
	noticeMetHandOver
	noMachine
	sessionDismissed
	nightFell
	moreWanted
	mergeBegan
	serverFreed
	mergeTakenBack
	takeBackMetPartition
	situations
)

var situationNames = [situations]string{
	messageLost:           "a message was lost",
	messageLate:           "a message was late",
	messageTwice:          "a message arrived twice",
	streamBroke:           "a server's stream broke",
	connectionBroke:       "a client's connection broke",
	partitioned:           "an arrow was cut",
	paused:                "a process paused between deciding and acting",
	clockStepped:          "a clock was stepped",
	serverDied:            "a server died",
	boxDied:               "a machine died with its servers",
	routerDied:            "a router died",
	keeperDied:            "a keeper died",
	hubDied:               "the hub died",
	planeDied:             "the whole control plane restarted with an empty registry",
	providerFailed:        "the provider failed",
	providerSlow:          "the provider was slow to start a server",
	neverReady:            "a server never became ready",
	storeFailed:           "the store failed",
	refreshFailed:         "a router could not read the specs",
	weightsChanged:        "a route's weights changed",
	rolledBack:            "a route was rolled back",
	fleetChanged:          "a fleet's spec changed",
	drainAsked:            "an operator drained a server",
	drainTakenBack:        "an operator took a drain back",
	drainMetCrash:         "a drain met a crash",
	joinRacedDrain:        "a join raced a drain",
	joinMetMove:           "a join met a session on the move",
	joinMetEnd:            "a join met a session of whose end its server had not heard",
	joinMetHold:           "a join met a router on hold",
	joinMetFullSession:    "a join met a full session",
	joinMetFullFleet:      "a join met full fleets",
	joinWaited:            "a join waited",
	joinExpired:           "a join waited in vain",
	reserveAnswerLost:     "a router does not know whether a seat was reserved",
	placementLost:         "a client never heard of its seat",
	claimAnswerLost:       "a client does not know whether it came in",
	requestRepeated:       "a join was repeated",
	seatNeverClaimed:      "nobody came for a seat",
	ghostAppeared:         "a player fell silent",
	ghostForgotten:        "a silent player's seat was freed",
	clientGaveUp:          "a client gave up waiting",
	clientCameBack:        "a client came back",
	clientRedirected:      "a client was sent on",
	clientCut:             "a client was told that its session is over",
	leftByRouter:          "a player was taken out by the router",
	seatResumed:           "a client resumed its seat",
	seatReplaced:          "a client's new seat replaced its old one",
	doorNotReady:          "a client stood before a session on the move",
	doorRefused:           "a server refused what was promised",
	releasedTicketRefused: "a released seat's ticket was refused",
	expiredTicketRefused:  "an expired ticket was refused",
	departedTicketRefused: "a ticket for a session that has left was refused",
	sessionMoved:          "a session was handed over",
	sessionsOrphaned:      "sessions lost their server",
	moveCalledOff:         "a hand-over was called off",
	moveFoundNoRoom:       "a hand-over found no room",
	movedTwiceAtOnce:      "a hand-over began for a session that another had moved, or was moving",
	frozeUnentered:        "a session was frozen that nobody had entered",
	frozenResumed:         "a frozen session went on",
	freezeAnswerLost:      "a freeze took effect and its answer was lost",
	openAnswerLost:        "a hand-over's answer was lost after it took effect",
	closeNotTold:          "a session's last server could not be told",
	endedAtDeadline:       "a session was ended at its drain's deadline",
	leaseChangedHands:     "a lease changed hands",
	twoKeepersActed:       "two keepers acted within one lease",
	tickOutlivedLease:     "a keeper's tick outlived its lease",
	staleChangeRefused:    "a late change of a server was refused",
	staleHelloRefused:     "a late hello was refused",
	helloNamedStale:       "a server said hello with a session of somebody else's",
	reportCameLate:        "a report came late",
	serverCameTooLate:     "a server was not heard of before joins went on after a restart",
	newsTooLate:           "a drained server was empty before its players knew where to go",
	upgradeBegan:          "a fleet got another template",
	upgradePaused:         "an operator paused an upgrade",
	upgradeResumed:        "an operator resumed an upgrade",
	upgradeUndone:         "an operator undid an upgrade",
	upgradeStopped:        "an upgrade stopped by itself",
	upgradeDrained:        "an upgrade drained a server",
	upgradeTookBack:       "an upgrade gave a server back",
	upgradeMetDeath:       "an upgrade met a server's death",
	rolloutBegan:          "a rollout began",
	rolloutWentOn:         "a rollout went on to its next step",
	rolloutDone:           "a rollout was done",
	rolloutFailed:         "a rollout's gates rolled it back",
	rolloutStopped:        "a rollout paused by itself",
	rolloutSlow:           "a rollout ended or paused because joins were slow",
	rolloutAnsweredBadly:  "a rollout ended or paused by the answer to a query",
	rolloutUnanswered:     "a rollout paused because a query had no number",
	rolloutPaused:         "an operator paused a rollout",
	rolloutResumed:        "an operator resumed a rollout",
	rolloutPushed:         "an operator promoted a rollout",
	rolloutConflict:       "two wrote a rollout, or its route, at once",
	rollbackAsked:         "an operator asked for a rollback",
	rollbackDone:          "an operator's rollback took effect",
	rollbackDrained:       "a rolled-back fleet was drained",
	rollbackMetPartition:  "a rollback met a store that was cut off",
	noticed:               "a machine was to go away",
	noticedAgain:          "a machine that goes away got another deadline",
	noticeTakenBack:       "a machine that was to go away stays",
	noticedBoxDied:        "a machine died before its deadline",
	noMachine:             "a server found no machine that stays",
	noticeMetHandOver:     "a machine's notice met a hand-over",
	sessionDismissed:      "a session could not be moved before its machine went",
	nightFell:             "most players went at once",
	moreWanted:            "more free slots were wanted for a while",
	mergeBegan:            "consolidation began to empty a server",
	serverFreed:           "consolidation freed a server",
	mergeTakenBack:        "consolidation was taken back",
	takeBackMetPartition:  "a take-back met a partition",
}

// Cover counts how often each situation was met.
type Cover [situations]uint64

func (w *World) cover(s situation) { w.met[s]++ }

// Add adds another run's counts.
func (c *Cover) Add(other *Cover) {
	for i, n := range other {
		c[i] += n
	}
}

// Counted is a situation with its count.
type Counted struct {
	Situation string `json:"situation"`
	Times     uint64 `json:"times"`
}

// List answers all situations in their order.
func (c *Cover) List() []Counted {
	out := make([]Counted, 0, situations)
	for i, n := range c {
		out = append(out, Counted{situationNames[i], n})
	}
	return out
}

// Missing names the situations that were never met.
func (c *Cover) Missing() (names []string) {
	for i, n := range c {
		if n == 0 {
			names = append(names, situationNames[i])
		}
	}
	return names
}
