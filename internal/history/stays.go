package history

import "time"

// flow is who came to a route and who left it in one step.
type flow struct {
	at          time.Time
	joins, left float64
	players     float64 // in the mean
	whole       bool    // it was looked at from its start to its end, and the step before it too
}

// stays answers how long those who joined in each step stayed, in the mean; 0 where nobody joined. Who is who was not
// recorded, so the first to come are taken to be the first to leave: then the stays of each step follow from how many came
// and how many left, and however people really left, all stays together are as long as all players were there. Stays
// shorter than a step are not seen so; all are scaled to the players there were. Who has not left by the last step is taken
// to stay for as long as the others did, and no shorter than so far.
func stays(flows []flow, step time.Duration) []time.Duration {
	m := matching{flows: flows, step: step.Seconds(), shortest: step.Seconds() / 10, stayed: make([]float64, len(flows))}
	for i := range flows {
		m.take(i)
	}
	return m.results()
}

// matching matches those who leave to those who came, in seconds from the first step.
type matching struct {
	flows    []flow
	step     float64
	shortest float64

	queue  []cohort
	there  float64   // in the queue
	stayed []float64 // by those who came in a step and left, together

	left, leftStayed float64 // of those whose coming was seen
	implied, seen    float64 // player-seconds, by the matching and as recorded
}

// cohort is the players that came in one step, in the order of their coming.
type cohort struct {
	step int // -1: before the first step, or while nobody looked
	from float64
	over float64 // they came evenly over so long
	n    float64 // of them all
	gone float64 // of them
}

// arrived is when those from the a-th to the b-th came, in the mean.
func (c *cohort) arrived(a, b float64) float64 { return c.from + c.over*(a+b)/2/c.n }

// at is the start of a step.
func (m *matching) at(i int) float64 { return m.flows[i].at.Sub(m.flows[0].at).Seconds() }

// take takes one step in.
func (m *matching) take(i int) {
	f := m.flows[i]
	if i == 0 || !f.whole {
		m.anchor(i, max(0, f.players-(f.joins-f.left)/2))
	}
	if f.joins > 0 {
		m.push(cohort{step: i, from: m.at(i), over: m.step, n: f.joins})
	}
	m.leave(f.left, m.at(i), m.step)
	m.seen += f.players * m.step
}

// anchor brings the queue to the players that there are where not all was seen that happened before: those who left did so
// in the middle of that time, those who came are nobody's.
func (m *matching) anchor(i int, players float64) {
	since := 0.0
	if i > 0 {
		since = m.at(i-1) + m.step
		m.seen += (m.at(i) - since) * (m.flows[i-1].players + players) / 2
	}
	m.leave(m.there-players, since, m.at(i)-since)
	if come := players - m.there; come > 0 {
		m.push(cohort{step: -1, from: since, over: m.at(i) - since, n: come})
	}
}

func (m *matching) push(c cohort) {
	m.queue = append(m.queue, c)
	m.there += c.n
}

// leave takes so many out of the queue, who left evenly over a time.
func (m *matching) leave(n, from, over float64) {
	for done := 0.0; done < n && len(m.queue) > 0; {
		c := &m.queue[0]
		part := min(n-done, c.n-c.gone)
		stay := max(m.shortest, from+over*(done+part/2)/n-c.arrived(c.gone, c.gone+part))
		m.implied += part * stay
		if c.step >= 0 {
			m.stayed[c.step] += part * stay
			m.left += part
			m.leftStayed += part * stay
		}
		done, c.gone, m.there = done+part, c.gone+part, m.there-part
		if c.n-c.gone < 1e-9 {
			m.queue = m.queue[1:]
		}
	}
}

// results gives those who are still there their stay, and scales.
func (m *matching) results() []time.Duration {
	out := make([]time.Duration, len(m.flows))
	if len(m.flows) == 0 {
		return out
	}
	mean, end := 0.0, m.at(len(m.flows)-1)+m.step
	if m.left > 0 {
		mean = m.leftStayed / m.left
	}
	for _, c := range m.queue {
		rest, sofar := c.n-c.gone, end-c.arrived(c.gone, c.n)
		m.implied += rest * sofar
		if c.step >= 0 {
			m.stayed[c.step] += rest * max(mean, sofar)
		}
	}
	scale := 1.0
	if m.implied > 0 && m.seen > 0 {
		scale = m.seen / m.implied
	}
	for i, f := range m.flows {
		if f.joins > 0 {
			out[i] = max(time.Second, time.Duration(scale*m.stayed[i]/f.joins*float64(time.Second)).Round(time.Second))
		}
	}
	return out
}
