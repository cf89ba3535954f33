package history

import "time"

// flow is who came to a route and who left it in one step.
type flow struct {
	at          time.Time
	joins, left float64
	players     float64 // in the mean
}

// stays answers how long those who joined in each step stayed, in the mean; 0 where nobody joined. Who is who was not
// recorded: the first to come are taken to be the first to leave, and in each step those who are there share the time that
// players were there, half as much to who came or left in it as to who stayed. So all stays together are as long as all
// players were there, in whatever order they left and however short they stayed. Who has not left by the last step is taken
// to stay for as long as the others did, and no shorter than so far.
func stays(flows []flow, step time.Duration) []time.Duration {
	m := matching{flows: flows, step: step.Seconds(), stayed: make([]float64, len(flows))}
	for i := range flows {
		m.take(i)
	}
	return m.results()
}

// matching matches those who leave to those who came. Times are in seconds.
type matching struct {
	flows []flow
	step  float64

	queue []cohort // of those who are there, the first to come first
	there float64
	clock float64 // the time that somebody would have stayed who was there from the first step on

	stayed           []float64 // by those who came in a step and left, together
	left, leftStayed float64   // of them all
}

// cohort is the players that came in one step and are still there.
type cohort struct {
	step  int     // -1: before the first step, or unseen
	since float64 // on the clock
	n     float64
}

const (
	// part is the share of a step that somebody who came or left in it was there for, against who was there all of it; who
	// did both has the square of it.
	part = 0.5
	// minShare and maxShare bound by how much a step's recorded time may differ from what who was there says.
	minShare, maxShare = 0.1, 10
)

// take takes one step in.
func (m *matching) take(i int) {
	f := m.flows[i]
	m.correct(i)
	old := min(f.left, m.there) // of those who leave, the ones that came before
	fresh := min(f.left-old, f.joins)
	share := m.step * m.share(f, old, fresh)
	m.leave(old, part*share)
	m.clock += share
	if f.joins == 0 {
		return
	}
	m.stayed[i] += fresh * part * part * share
	m.left += fresh
	m.leftStayed += fresh * part * part * share
	m.come(cohort{step: i, since: m.clock - part*share, n: f.joins - fresh})
}

// share is how long somebody who was there all of the step was there, in steps: the time recorded, by all who were there.
func (m *matching) share(f flow, old, fresh float64) float64 {
	all := m.there - old + part*old + part*(f.joins-fresh) + part*part*fresh
	if all <= 0 {
		return 1
	}
	return max(minShare, min(f.players/all, maxShare))
}

// correct brings the queue to the players that there were at a step's start, where somebody came or left unseen since the
// last one: while the control plane was down, or restarted. However those of the step came and went, its mean lies between
// the bounds here.
func (m *matching) correct(i int) {
	f, players, unseen := m.flows[i], m.there, 0.0
	if i > 0 {
		unseen = f.at.Sub(m.flows[i-1].at).Seconds() - m.step
	}
	if i == 0 || unseen > 0 {
		players = m.guess(i)
	}
	if mean := m.mean(); unseen > 0 && mean > 0 { // they left as they do
		m.leave(m.there*min(1, unseen/mean), min(unseen, mean)/2)
	}
	players = max(0, min(max(players, f.players-f.joins), f.players+f.left))
	m.leave(m.there-players, unseen/2)
	m.clock += unseen
	m.come(cohort{step: -1, since: m.clock, n: players - m.there})
}

// guess is how many players there were when a step began before which nobody looked: by how many there were when it ended,
// which the next step's mean tells better than its own where many came and left at once.
func (m *matching) guess(i int) float64 {
	f := m.flows[i]
	if i+1 < len(m.flows) && m.flows[i+1].at.Sub(f.at).Seconds() == m.step {
		next := m.flows[i+1]
		return next.players - (next.joins-next.left)/2 - f.joins + f.left
	}
	return f.players - (f.joins-f.left)/2
}

// come adds to the queue, if there is anybody.
func (m *matching) come(c cohort) {
	if c.n > 0 {
		m.queue, m.there = append(m.queue, c), m.there+c.n
	}
}

// leave takes so many out of the queue, so long after what the clock says.
func (m *matching) leave(n, after float64) {
	for n > 0 && len(m.queue) > 0 {
		c := &m.queue[0]
		gone := min(n, c.n)
		if c.step >= 0 {
			stayed := gone * (m.clock + after - c.since)
			m.stayed[c.step] += stayed
			m.left, m.leftStayed = m.left+gone, m.leftStayed+stayed
		}
		n, c.n, m.there = n-gone, c.n-gone, m.there-gone
		if c.n <= 0 {
			m.queue = m.queue[1:]
		}
	}
	if len(m.queue) == 0 {
		m.there = 0
	}
}

// mean is how long those who left had stayed; 0 for nobody.
func (m *matching) mean() float64 {
	if m.left == 0 {
		return 0
	}
	return m.leftStayed / m.left
}

// results gives those who are still there their stay.
func (m *matching) results() []time.Duration {
	mean := m.mean()
	for _, c := range m.queue {
		if c.step >= 0 {
			m.stayed[c.step] += c.n * max(mean, m.clock-c.since)
		}
	}
	out := make([]time.Duration, len(m.flows))
	for i, f := range m.flows {
		if f.joins > 0 {
			out[i] = max(time.Second, time.Duration(m.stayed[i]/f.joins*float64(time.Second)).Round(time.Second))
		}
	}
	return out
}
