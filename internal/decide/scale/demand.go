package scale

import (
	"math"
	"time"
)

// How sessions begin is looked at over several spans at once: over a short one a burst is seen at once, over a long one
// the noise is small.
const (
	fineEvery   = 1.0             // seconds between two marks of the last minute
	coarseEvery = 10.0            // and of the last ten minutes
	marks       = 64              // of each kind
	together    = 8               // of them lie together
	slowSpan    = 3600.0          // seconds over which the slow rate forgets
	maxGap      = 1 * time.Minute // between two looks: more is a stall or a clock that was set, and counts for nothing
	maxNoise    = 6.0             // bounds how much noisier than chance demand is taken to be
)

// demand is what is remembered of how sessions began and ended. It has a clock of its own, which stands still while the
// wall's is set, and it is of one size however long it lives.
type demand struct {
	at      time.Time // of the last look; zero: none
	begun   uint64
	waiting int // joins
	held    int // sessions, and slots whose seats are taken by others

	elapsed, arrived, left float64 // seconds, sessions, since the first look
	slow                   float64 // sessions a second over about an hour
	fine, coarse           ring
}

// mark is how far demand had come at a time.
type mark struct{ elapsed, arrived, left float64 }

// ring holds the latest marks. They are shared between memories, which are copied far more often than a mark is added: to
// add one makes those anew that it lies with, and the list of them.
type ring struct {
	marks *[marks / together]*[together]mark // nil: none
	n     int                                // written in all
}

// at is the i-th mark that was written, one of the latest.
func (r *ring) at(i int) mark { return r.marks[i%marks/together][i%together] }

func (r *ring) last() mark { return r.at(r.n - 1) }

func (r *ring) add(m mark, every float64) {
	if r.n > 0 && m.elapsed-r.last().elapsed < every {
		return
	}
	all, some := new([marks / together]*[together]mark), new([together]mark)
	if r.n > 0 {
		*all = *r.marks
	}
	place := &all[r.n%marks/together]
	if *place != nil {
		*some = **place
	}
	some[r.n%together] = m
	*place, r.marks = some, all
	r.n++
}

// before answers the newest mark of at least the given age at elapsed, else the oldest there is; there is one.
func (r *ring) before(elapsed, age float64) mark {
	oldest := max(0, r.n-marks)
	for i := r.n - 1; i > oldest; i-- {
		if m := r.at(i); elapsed-m.elapsed >= age {
			return m
		}
	}
	return r.at(oldest)
}

// see takes a look: how many sessions have begun in all, how many joins wait for a new one and how many of them share
// one, how many sessions there are. Joins that wait count as sessions that would have begun; when they get their place,
// and their sessions begin, those are not counted again.
func (d *demand) see(now time.Time, begun uint64, waiting int, perSession float64, held int) {
	gap := now.Sub(d.at)
	known := !d.at.IsZero() && gap >= 0 && gap <= maxGap && begun >= d.begun
	if known {
		began, queued := float64(begun-d.begun), float64(waiting-d.waiting)
		if queued > 0 {
			queued /= perSession
		}
		came := max(0, began+queued)
		d.elapsed += gap.Seconds()
		d.arrived += came
		d.left += max(0, began-float64(held-d.held))
		d.slow += (came - d.slow*gap.Seconds()) / slowSpan
	}
	d.at, d.begun, d.waiting, d.held = now, begun, waiting, held
	d.fine.add(mark{d.elapsed, d.arrived, d.left}, fineEvery)
	d.coarse.add(mark{d.elapsed, d.arrived, d.left}, coarseEvery)
}

// over answers how many sessions arrived and left over about the last so many seconds, and over how many exactly; 0
// seconds when nothing is known.
func (d *demand) over(span float64) (arrived, left, seconds float64) {
	return d.between(span, 0)
}

// between is over, from so many seconds ago up to so many seconds ago.
func (d *demand) between(from, to float64) (arrived, left, seconds float64) {
	end := mark{d.elapsed, d.arrived, d.left}
	if to > 0 {
		end = d.fine.before(d.elapsed, to)
	}
	r := &d.fine
	if from >= fineEvery*(marks-2) {
		r = &d.coarse
	}
	begin := r.before(d.elapsed, from)
	return end.arrived - begin.arrived, end.left - begin.left, end.elapsed - begin.elapsed
}

// noise is how much more the numbers of arrivals vary than those of chance do, at least 1 and at most maxNoise: the
// variance over the mean, from the differences of neighbouring spans so that a steady growth is not taken for noise.
func (d *demand) noise() float64 {
	var n, sum, squares float64
	oldest := max(0, d.coarse.n-marks)
	var last float64
	for i := oldest + 1; i < d.coarse.n; i++ {
		a, b := d.coarse.at(i-1), d.coarse.at(i)
		came := (b.arrived - a.arrived) / (b.elapsed - a.elapsed) * coarseEvery
		if i > oldest+1 {
			squares += (came - last) * (came - last)
			n++
		}
		sum += came
		last = came
	}
	mean := sum / max(1, n+1)
	if n < 12 || mean <= 0 {
		return 1
	}
	return min(max(1, squares/(2*n)/mean), maxNoise)
}

// pace is how demand goes on.
type pace struct {
	arriving float64 // sessions a second that begin
	leaving  float64 // that end
	growth   float64 // by which arriving rises each second; 0 unless a burst is under way
	noise    float64
	span     float64 // seconds that arriving was seen over
}

// Spans, in seconds, from the longest, and by how many standard deviations of chance a shorter one must differ from
// what is known before it is believed.
const (
	longSpan    = 300.0
	youngSpan   = 20.0 // a memory younger than that is taken to have seen nothing before
	surprise    = 2.5
	steep       = 3.5   // the same for growth, which is carried on over the horizon
	usualEvents = 5.0   // as many sessions of the last hour stand beside the long span, so that a quiet one proves little
	usualSpan   = 900.0 // but no more than it had in that time
	growthSpan  = 20.0
	growthNow   = 5.0
	growthLimit = 2.0 // arrivals by growth are at most so many times those without
)

// pace reads the marks: the rate over the longest span, unless a shorter one has seen clearly more.
func (d *demand) pace() pace {
	arrived, left, seconds := d.over(longSpan)
	if seconds < 1 {
		return pace{noise: 1}
	}
	seconds = max(seconds, youngSpan)
	usual := d.usual()
	beside := usualSpan
	if usual > 0 {
		beside = min(usualSpan, usualEvents/usual)
	}
	p := pace{arriving: (arrived + usual*beside) / (seconds + beside), leaving: left / seconds, noise: d.noise(), span: seconds}
	for _, span := range [...]float64{60, 15, 5} {
		arrived, left, seconds := d.over(span)
		if seconds < 1 {
			break
		}
		if span == 60 {
			p.leaving = min(p.leaving, left/seconds)
		}
		chance := p.noise * max(1, p.arriving*seconds)
		if sure := arrived - math.Sqrt(arrived); sure-p.arriving*seconds > surprise*math.Sqrt(chance) {
			p.arriving, p.span = sure/seconds, seconds
		}
	}
	p.growth = d.growth(p)
	return p
}

// usual is the rate of about the last hour.
func (d *demand) usual() float64 {
	if d.elapsed < 1 {
		return 0
	}
	return d.slow / (1 - math.Exp(-d.elapsed/slowSpan))
}

// growth compares the last seconds with those before.
func (d *demand) growth(p pace) float64 {
	late, _, lateSeconds := d.over(growthNow)
	early, _, earlySeconds := d.between(growthSpan, growthNow)
	if lateSeconds < 1 || earlySeconds < 1 {
		return 0
	}
	rise := late/lateSeconds - early/earlySeconds
	chance := p.noise * (max(1, late)/(lateSeconds*lateSeconds) + early/(earlySeconds*earlySeconds))
	if rise < steep*math.Sqrt(chance) {
		return 0
	}
	return rise / ((lateSeconds + earlySeconds) / 2)
}
