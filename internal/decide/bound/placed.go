package bound

import "slices"

// Rule says which of the servers with a free slot a session that begins goes to. If none has one, a server begins.
type Rule uint8

// Rules.
const (
	Fullest Rule = iota // the most sessions, then the most players: as Greenroom places
	Crowded             // the most players
	Oldest              // the server that began first
	Ends                // knows when everybody leaves: the least that the server is up for longer, then the tightest
)

// host is a server of a day on which sessions do not move.
type host struct {
	since    float64
	until    float64 // its last session's end
	sessions int
	players  int
}

// Placed is how many server-hours a day takes when each session stays where the rule puts it, servers are there the moment
// they are needed, and gone the moment they are empty. The boot is paid for each.
func (d *Day) Placed(rule Rule) float64 {
	type event struct {
		at   float64
		kind int // 0: somebody leaves, 1: the session ends, 2: it begins, 3: somebody comes
		of   int
	}
	sessions := spans(d.Visits, d.Start)
	var events []event
	for i, s := range sessions {
		events = append(events, event{s.until, 1, i}, event{s.from, 2, i})
		for _, v := range s.visits {
			events = append(events, event{v.until, 0, i}, event{v.from, 3, i})
		}
	}
	slices.SortFunc(events, func(a, b event) int {
		switch {
		case a.at != b.at:
			return sign(a.at - b.at)
		case a.kind != b.kind:
			return a.kind - b.kind
		}
		return a.of - b.of
	})
	p := placing{rule: rule, slots: d.Server.Slots, boot: d.Server.Boot.Seconds(), end: d.End.Sub(d.Start).Seconds(), on: make([]*host, len(sessions))}
	for _, e := range events {
		if e.at >= p.end {
			break
		}
		switch e.kind {
		case 0:
			p.on[e.of].players--
		case 1:
			p.leave(p.on[e.of], e.at)
		case 2:
			p.on[e.of] = p.put(sessions[e.of])
		case 3:
			p.on[e.of].players++
		}
	}
	for _, h := range p.hosts {
		p.pay(h.since, p.end)
	}
	return p.spent / 3600
}

func sign(f float64) int {
	if f < 0 {
		return -1
	}
	return 1
}

// placing is a day on its way.
type placing struct {
	rule      Rule
	slots     int
	boot, end float64
	hosts     []*host // the oldest first
	on        []*host // of each session
	spent     float64 // seconds
}

// put chooses a session's server.
func (p *placing) put(s *span) *host {
	var best *host
	for _, h := range p.hosts {
		if h.sessions < p.slots && (best == nil || p.better(h, best, s)) {
			best = h
		}
	}
	if best == nil {
		best = &host{since: s.from, until: s.until}
		p.hosts = append(p.hosts, best)
		p.pay(s.from-p.boot, s.from)
	}
	best.sessions++
	best.until = max(best.until, s.until)
	return best
}

func (p *placing) better(a, b *host, s *span) bool {
	switch p.rule {
	case Fullest:
		return a.sessions > b.sessions || a.sessions == b.sessions && a.players > b.players
	case Crowded:
		return a.players > b.players
	case Ends:
		x, y := max(0, s.until-a.until), max(0, s.until-b.until)
		return x < y || x == y && a.until < b.until
	}
	return false
}

func (p *placing) leave(h *host, now float64) {
	if h.sessions--; h.sessions > 0 {
		return
	}
	p.pay(h.since, now)
	at := slices.Index(p.hosts, h)
	p.hosts = slices.Delete(p.hosts, at, at+1)
}

// pay counts what of a time lies within the day.
func (p *placing) pay(from, until float64) {
	p.spent += max(0, min(until, p.end)-max(from, 0))
}
