package room

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// host calls a room's logic and bears its faults. Its methods do nothing for a nil host, a room without logic.
type host struct {
	room  *Room
	game  Logic
	hand  Authority
	self  member // the room as a sender
	begun bool

	every  time.Duration // between two ticks of the logic; 0: none
	due    time.Time     // of the next one
	ticked time.Time     // when the last one was

	works    works
	frozen   []byte // what Freeze gave last
	kicks    []kick
	ending   *Refusal // the room ends after this tick
	corrects []correct

	panics      int
	panicsSince time.Time
	turn        time.Time // when the tick's calls began, by the wall clock
	slow        Fault     // not yet told
	slowTold    time.Time
}

// kick is a member to be removed once the call is over.
type kick struct {
	member uint64
	code   wire.CloseCode
	reason string
}

// correct is a member to be told where it stands.
type correct struct {
	member *member
	serial uint64
}

func newHost(r *Room, game Logic) *host {
	if game == nil {
		return nil
	}
	h := &host{room: r, game: game, works: newWorks()}
	h.hand.host = h
	return h
}

// call calls the logic; false: it panicked.
func (h *host) call(in string, f func()) (ok bool) {
	h.room.dirty = true
	h.hand.inside.Store(true)
	defer func() {
		h.hand.inside.Store(false)
		if ok {
			return
		}
		p := recover()
		h.fault(Fault{In: in, What: fmt.Sprint(p), Stack: string(debug.Stack())})
		h.panicked()
	}()
	f()
	return true
}

func (h *host) fault(f Fault) {
	f.Stack = f.Stack[:min(len(f.Stack), maxFaultStack)]
	if tell := h.room.cfg.Hooks.Fault; tell != nil {
		tell(f)
	}
}

func (h *host) panicked() {
	r := h.room
	r.cfg.Counters.LogicPanics.Add(1)
	if r.now.Sub(h.panicsSince) > LogicPanicWindow {
		h.panics, h.panicsSince = 0, r.now
	}
	if h.panics++; h.panics > MaxLogicPanics {
		h.ending = &Refusal{Code: wire.CloseEnded, Reason: "the room's game failed too often"}
	}
}

// settle removes the members that the logic kicked, between two inputs; their Leave may kick more.
func (h *host) settle() {
	for h != nil && len(h.kicks) > 0 && !h.room.over {
		k := h.kicks[0]
		h.kicks = h.kicks[1:]
		m := h.room.seats.byID[k.member]
		if m == nil {
			continue
		}
		if m.link != nil {
			h.room.close(m.link, k.code, k.reason)
		}
		h.room.release(m)
	}
}

// begin comes before the inputs of each tick.
func (h *host) begin() {
	if h == nil {
		return
	}
	h.turn = time.Now()
	h.unhold()
	if h.begun {
		return
	}
	h.begun = true
	if !h.call("start", func() { h.game.Start(&h.hand) }) {
		h.ending = &Refusal{Code: wire.CloseEnded, Reason: "the room's game failed to start"}
	}
	for _, m := range slices.Clone(h.room.seats.all) { // of a state from a server without this logic
		if h.room.seats.byID[m.id] == m && h.admit(m) != nil {
			h.room.release(m)
		}
	}
	h.settle()
}

// admit asks whether a new member may stay. One that the logic kicks at once may not.
func (h *host) admit(m *member) *Refusal {
	if h == nil || !h.begun {
		return nil
	}
	if h.ending != nil {
		return h.ending
	}
	var refusal *Refusal
	if !h.call("join", func() { refusal = h.game.Join(&h.hand, m.info()) }) {
		refusal = &Refusal{Code: wire.CloseGoingAway, Reason: "the room's game failed; join again"}
	}
	for i, k := range h.kicks {
		if k.member == m.id {
			h.kicks = slices.Delete(h.kicks, i, i+1)
			refusal = &Refusal{Code: k.code, Reason: k.reason}
			break
		}
	}
	return refusal
}

// left tells that m, who was as info says, is in the room no more.
func (h *host) left(info MemberInfo) {
	if h != nil && h.begun {
		h.call("leave", func() { h.game.Leave(&h.hand, info) })
	}
}

// ask asks about a message; a sentence refuses it.
func (h *host) ask(from *member, m *Message) (refused string) {
	if !h.call("message", func() { refused = h.game.Message(&h.hand, from.info(), m) }) {
		refused = "the room's game failed"
	}
	if refused == "" && h.room.seats.byID[from.id] != from {
		refused = "the member was removed"
	}
	return cut(refused)
}

// message asks about a message other than a position. What the logic made of it is held to the same rules.
func (h *host) message(from *member, m *Message) (wire.RejectCode, string) {
	if h == nil {
		return 0, ""
	}
	if refused := h.ask(from, m); refused != "" {
		h.room.cfg.Counters.LogicRefused.Add(1)
		return wire.RejectRefused, refused
	}
	if !wire.ValidName(m.Name) {
		return wire.RejectBadName, "the room's game made a bad name of it"
	}
	return 0, ""
}

// position asks about a position; false: the member stays where it is. Unless all is as it said, it is told.
func (h *host) position(from *member, m *Message) bool {
	if h == nil {
		return true
	}
	said := m.Position
	refused := h.ask(from, m) != "" || len(m.Position.Data) > wire.MaxPositionData
	if refused || !m.Position.Equal(said) {
		h.room.cfg.Counters.LogicCorrected.Add(1)
		h.corrects = append(h.corrects, correct{from, m.Seq})
	}
	return !refused
}

// correct tells those who were corrected in this tick where they stand.
func (h *host) correct() {
	for _, c := range h.corrects {
		m := c.member
		if m.link == nil {
			continue
		}
		told := wire.Correction{Serial: c.serial}
		if m.at.declared {
			told.At = &m.at.Position
		}
		sig := Signal{QoS: 1, Signal: wire.Signal{Name: wire.CorrectSignal, Payload: told.Append(nil)}}
		m.link.tell(func(conn Conn) { conn.Signal(sig) })
	}
	clear(h.corrects)
	h.corrects = h.corrects[:0]
}

// tick calls the logic's tick if it is due and tells the members that were corrected where they stand.
func (h *host) tick() {
	if h == nil {
		return
	}
	r := h.room
	if h.every > 0 && !r.now.Before(h.due) {
		dt := h.every
		if !h.ticked.IsZero() {
			dt = r.now.Sub(h.ticked)
		}
		h.ticked = r.now
		if h.due = h.due.Add(h.every); !h.due.After(r.now) {
			h.due = r.now.Add(h.every)
		}
		h.call("tick", func() { h.game.Tick(&h.hand, dt) })
	}
	h.settle()
	h.correct()
	h.watch(time.Since(h.turn))
}

// watch reports turns that took longer than a tick may.
func (h *host) watch(took time.Duration) {
	r := h.room
	if took > r.cfg.Settings.Tick {
		r.cfg.Counters.LogicSlow.Add(1)
		h.slow.Slow++
		h.slow.Took = max(h.slow.Took, took)
	}
	if h.slow.Slow > 0 && (h.slowTold.IsZero() || r.now.Sub(h.slowTold) >= SlowLogicEvery) {
		h.slow.In, h.slowTold = "tick", r.now
		h.fault(h.slow)
		h.slow = Fault{}
	}
}

// finish ends the room if the logic wished so, after the tick was delivered.
func (h *host) finish() {
	if h == nil || h.ending == nil || h.room.over {
		return
	}
	h.room.end(h.ending.Code, h.ending.Reason, nil)
	if h.room.cfg.Hooks.Ended != nil {
		h.room.cfg.Hooks.Ended()
	}
}

// ended is the logic's last call. The room is over.
func (h *host) ended(moved bool) {
	if h != nil && h.begun {
		h.begun = false
		h.call("ended", func() { h.game.Ended(&h.hand, moved) })
	}
}

// wake is when the room must be ticked: at next (zero: not by itself), or for the logic before.
func (h *host) wake(next time.Time) time.Time {
	if h == nil || h.room.frozen {
		return next
	}
	if len(h.kicks)+len(h.corrects) > 0 || h.ending != nil { // of a will that was carried out at the end of a tick
		next = earlier(h.room.now.Add(h.room.cfg.Settings.Tick), next)
	}
	if h.every <= 0 {
		return next
	}
	return earlier(h.due, next)
}

// state is what the logic's Freeze gives, or gave last if that fails.
func (h *host) state() []byte {
	if h == nil || !h.begun {
		return nil
	}
	dirty := h.room.dirty
	defer func() { h.room.dirty = dirty }()
	var state []byte
	switch ok := h.call("freeze", func() { state = h.game.Freeze(&h.hand) }); {
	case !ok:
	case len(state) > MaxLogicBytes:
		h.fault(Fault{In: "freeze", What: fmt.Sprintf("%d bytes, at most %d are carried", len(state), MaxLogicBytes)})
	default:
		h.frozen = state
	}
	return h.frozen
}

// restore begins the logic with an earlier life's state; without one it starts at the first tick.
func (h *host) restore(state []byte, now time.Time) error {
	if h == nil || len(state) == 0 {
		return nil
	}
	h.room.now = now
	h.begun, h.frozen = true, state
	err := errors.New("the game failed")
	h.call("restore", func() { err = h.game.Restore(&h.hand, state) })
	return err
}

// info is the member as the logic sees it.
func (m *member) info() MemberInfo {
	return MemberInfo{ID: m.id, Player: m.player, Away: m.link == nil || !m.link.parked.until.IsZero(), Placed: m.at.declared, Position: m.at.Position}
}
