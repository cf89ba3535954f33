package bot

import (
	"bytes"
	"time"
)

// state implements listener, as do the following.
func (p *player) state(value []byte, past bool) {
	if past {
		return
	}
	p.delivered.Add(1)
	if p.arrivals++; p.arrivals%sampleEvery == 0 {
		p.measure(value)
	}
}

func (p *player) place(data []byte) {
	p.delivered.Add(1)
	if p.arrivals++; p.arrivals%sampleEvery == 0 {
		if sent, ok := placeTime(data); ok {
			p.took(sent)
		}
	}
}

func (p *player) measure(payload []byte) {
	if sent, ok := field(payload, `"t":`); ok {
		p.took(sent)
	}
}

// took notes how long a message was under way.
func (p *player) took(sentMS float64) {
	late := p.crowd.clock.ms(time.Now()) - sentMS
	p.crowd.measured.latency.add(time.Duration(late * float64(time.Millisecond)))
}

// event checks that the speaker's remarks come one after the other.
func (p *player) event(payload []byte) {
	p.delivered.Add(1)
	number, ok := field(payload, `"i":`)
	serial, ok2 := field(payload, `"n":`)
	if !ok || !ok2 || number < 0 || int(number) >= len(p.heard) {
		return // not one of ours: a guest's
	}
	p.measure(payload)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(&p.heard[int(number)], uint64(serial), bytes.HasSuffix(payload, []byte(again)))
}

// note counts what is missing before a remark, or comes again. The first remark of somebody tells nothing: this player may
// have come later. After the room said that events may be missing, what is missing was announced.
func (p *player) note(h *heard, serial uint64, again bool) {
	switch {
	case h.last == 0 || serial == h.last+1:
	case serial <= h.last:
		if !h.uncertain && !again {
			p.twice++
		}
		if again {
			return
		}
	case h.uncertain:
		p.missed += serial - h.last - 1
	default:
		p.gaps += serial - h.last - 1
	}
	h.last, h.uncertain = serial, false
}

func (p *player) mayMiss() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.heard {
		p.heard[i].uncertain = true
	}
}

func (p *player) lost(told bool, why error) {
	p.in.Store(false)
	m := &p.crowd.measured
	if told {
		m.moved.Add(1)
		return
	}
	m.disconnected.Add(1)
	p.crowd.cfg.Logger.Info("player was disconnected", "player", p.name, "session", p.key, "reason", why)
}

func (p *player) back(away time.Duration) {
	p.in.Store(true)
	p.crowd.measured.rejoined.Add(1)
	p.crowd.measured.rejoinGap.add(away)
}

func (p *player) refused(why string) {
	p.crowd.measured.fail(p.crowd.cfg.Logger, "message was refused", p.name, errText(why))
}

type errText string

func (e errText) Error() string { return string(e) }
