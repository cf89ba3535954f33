// Package scale owns how many servers a fleet is to have: every policy, buffer and event says what it wants and why, the
// largest want of each kind counts, and what is too much is named. It is pure; what it remembers is a value that is
// given to the next decision.
//
// It does not flap: a server is named surplus only after it was empty and unneeded for the fleet's scale-in time without
// a break, and never when taking it away would leave a want unmet. Scale-in windows, budgets, stabilisation and limits
// hold back what is taken away; none of them, and no policy that cannot say, ever adds a reason to take one away.
// Where a fleet asks for consolidation, a server with sessions is named too, when they all fit on the others.
package scale

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Input is all that a decision depends on. Decide changes nothing in it.
type Input struct {
	Spec    model.FleetSpec // with defaults
	Servers []Server
	// Rehome counts sessions that need a new place soon: on draining servers, or without a server after a crash.
	Rehome int
	// Waiting counts joins that stand in a queue for want of room. They ask for slots where the open buffer is smaller
	// than they are, so that a fleet without any buffer still serves whoever comes.
	Waiting int
	Outlook Outlook
	// Kept are places below the maximum that something else than demand needs.
	Kept   int
	Memory Memory // of the last decision, the zero Memory for none
	Now    time.Time
	// Sheet is what the decision is reckoned on; nil: a new one.
	Sheet *Sheet
}

// Sheet is memory that decisions are reckoned on, one after the other. Its zero value is ready. Nothing of a decision is on it
// once that is made.
type Sheet struct {
	in       Input
	census   census
	weighing weighing
}

// Decision says what is missing and what is too much.
type Decision struct {
	Free, Need int // session slots on serving servers, and what the wants and re-homing ask for
	Servers    int // usable ones that are wanted, the fleet's minimum apart
	Ready      int // of them ready
	Opens      []model.ServerID
	OpenReason string // for all Opens
	Starts     []Start
	Remove     []model.ServerID // surplus for the scale-in time, and nothing forbids to take them away
	Donors     []Donor          // to be emptied by moving their sessions to the others
	Back       []Donor          // that are being emptied and are to serve again
	Holds      []string         // wanted, but not allowed now
	Over       int              // servers that would be started but for the maximum
	Later      int              // and but for the limit of starts in a minute
	// Out is how many servers budgets still let on their way out for an upgrade, Remove among them.
	Out     int
	Answers []Answer
	Boot    Boot
	Memory  Memory // to be given to the next decision
}

// Boot is how long servers take.
type Boot struct {
	Takes time.Duration // until one that is started now can be used, with a margin
	Seen  int           // of so many servers it was seen lately; 0: Takes is a guess
}

// Start asks for Count servers for one reason.
type Start struct {
	Count  int
	Reason string
}

// Decide compares what there is with what is wanted. What is started and taken away is to be told to the decision's
// Memory, by Started and Stopped. The cost is that of looking at each server once, and of sorting those that change.
func Decide(given Input) Decision {
	sheet := given.Sheet
	if sheet == nil {
		sheet = &Sheet{}
	}
	sheet.in = given
	in, c, x := &sheet.in, &sheet.census, &sheet.weighing
	c.count(in)
	x.weigh(in, c)
	d := Decision{Free: c.free, Need: x.need(), Servers: x.wantServers(), Ready: x.wantReady(), Answers: x.answers, Boot: Boot{x.horizon, len(x.mem.boots)}}
	low := x.lowest(d.Need)
	d.takeBack(in, x)
	short := d.Free < d.Need
	d.open(in, x)
	d.start(in, x)
	if !short && len(d.Starts) == 0 && len(d.Back) == 0 {
		d.surplus(in, x, low)
		d.consolidate(in, x)
	}
	d.Out = x.budgets(model.ReasonUpgrade)
	d.Memory = x.remember()
	sheet.in, sheet.weighing = Input{}, weighing{}
	return d
}
