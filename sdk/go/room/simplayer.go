package room

import (
	"fmt"
	"maps"
	"slices"

	core "greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// SimPlayer is a player of a Simulation. What it says is heard by the game in the next Step; what it was told is
// answered from then on. Its connection loses nothing.
type SimPlayer struct {
	sim    *Simulation
	player string
	seat   uint64
	link   *core.Link
	conn   *simConn
	seq    uint64 // of messages
	serial uint64 // of positions
	sentOn bool   // to where the room goes on

	id        MemberID
	epoch     uint64
	offset    uint64
	connected bool
	closed    CloseWith
	members   map[MemberID]string
	states    map[string]string
	positions map[MemberID]Position
	heard     []Heard
}

// Heard is one thing that a player was told.
type Heard struct {
	// What is one of "joined", "left", "state", "gone" (a state), "event", "signal", "corrected", "refused" and "closed".
	What string
	From MemberID // of joined, left, state, event and signal; 0: the room
	Name string   // of a state, event or signal; the player who joined
	Text string   // the value or payload; the sentence of refused and closed; where corrected put the player
}

// String is the thing in a line, such as "event tagged: ann".
func (h Heard) String() string {
	line := h.What
	if h.Name != "" {
		line += " " + h.Name
	}
	if h.Text != "" {
		line += ": " + h.Text
	}
	return line
}

// Player is its name.
func (p *SimPlayer) Player() string { return p.player }

// ID is its number in the room; 0 before it was let in.
func (p *SimPlayer) ID() MemberID { return p.id }

// Connected tells whether it is in the room and connected.
func (p *SimPlayer) Connected() bool { return p.connected }

// Closed is how its last connection was closed by the room; the code is 0 if it was not.
func (p *SimPlayer) Closed() CloseWith { return p.closed }

// Members are the players that it sees, by number.
func (p *SimPlayer) Members() map[MemberID]string { return maps.Clone(p.members) }

// State is a kept state's value as it knows it; "" without one.
func (p *SimPlayer) State(key string) string { return p.states[key] }

// Position is where it sees a member stand.
func (p *SimPlayer) Position(of MemberID) (Position, bool) {
	at, ok := p.positions[of]
	return at, ok
}

// Heard is what it was told since the last call; positions are not among it.
func (p *SimPlayer) Heard() []Heard {
	heard := p.heard
	p.heard = nil
	return heard
}

// Move says where it is.
func (p *SimPlayer) Move(to Position) {
	p.serial++
	p.send(core.Message{Kind: core.KindPosition, Seq: p.serial, Position: to.wire(p.sim.room.Settings().PositionStep)})
}

// SetState sets or deletes a key as s says.
func (p *SimPlayer) SetState(s State) {
	s.Owner = p.id
	p.message(core.Message{Kind: core.KindState, Name: s.Key, Value: s.Value, Flags: s.flags(), TTL: s.TTL})
}

// SendEvent tells everybody something.
func (p *SimPlayer) SendEvent(name, payload string) {
	p.message(core.Message{Kind: core.KindEvent, Name: name, Value: []byte(payload)})
}

// SendSignal tells some members something.
func (p *SimPlayer) SendSignal(name, payload string, to ...MemberID) {
	m := core.Message{Kind: core.KindSignal, Name: name, Value: []byte(payload), To: make([]uint64, 0, len(to))}
	for _, id := range to {
		m.To = append(m.To, uint64(id))
	}
	p.message(m)
}

// Leave gives its seat back.
func (p *SimPlayer) Leave() {
	p.link.Leave()
	p.connected = false
}

// Lose cuts its connection, so that it is away.
func (p *SimPlayer) Lose() {
	p.link.Lost()
	p.connected = false
}

// Return brings a player that was away back, within the resume window; later it needs a new Join.
func (p *SimPlayer) Return() { p.connect() }

func (p *SimPlayer) message(m core.Message) {
	p.seq++
	m.Seq, m.QoS = p.seq, 1
	p.send(m)
}

// send: a room that is over, or a player that is not in it, says nothing.
func (p *SimPlayer) send(m core.Message) { _ = p.link.Send(p.sim.now, m) }

func (p *SimPlayer) connect() {
	p.conn = &simConn{player: p}
	p.serial, p.sentOn = 0, false
	link, err := p.sim.room.Join(core.Join{
		Player: p.player, Seat: p.seat, Conn: p.conn, Numbered: true,
		Resume: p.epoch != 0, Epoch: p.epoch, Offset: p.offset,
	})
	if err != nil {
		p.end(wire.CloseGoingAway, err.Error())
		return
	}
	p.link = link
}

func (p *SimPlayer) note(h Heard) { p.heard = append(p.heard, h) }

func (p *SimPlayer) end(code wire.CloseCode, reason string) {
	p.connected, p.closed = false, CloseWith{Code: uint16(code), Reason: reason}
	if !p.sentOn {
		p.note(Heard{What: "closed", Name: fmt.Sprint(code), Text: reason})
	}
}

// told is one record from the room.
func (p *SimPlayer) told(r wire.Record) {
	switch r := r.(type) {
	case wire.Welcome:
		p.id, p.epoch, p.offset, p.connected, p.closed = MemberID(r.Member), r.Epoch, r.Offset, true, CloseWith{}
		p.seq = max(p.seq, r.LastSeq)
	case wire.Snapshot:
		p.shown(r)
	case wire.Joined:
		p.members[MemberID(r.Member)] = r.Player
		p.note(Heard{What: "joined", From: MemberID(r.Member), Name: r.Player})
	case wire.Left:
		p.note(Heard{What: "left", From: MemberID(r.Member), Name: p.members[MemberID(r.Member)]})
		delete(p.members, MemberID(r.Member))
		delete(p.positions, MemberID(r.Member))
	case wire.State:
		p.toldState(r)
	case wire.Event:
		p.offset = r.Offset
		p.note(Heard{What: "event", From: MemberID(r.From), Name: r.Name, Text: string(r.Payload)})
	case wire.Signal:
		p.toldSignal(r)
	case wire.Positions:
		for _, e := range r.Entries {
			p.positions[MemberID(e.Member)] = p.place(e.Position)
		}
	case wire.Reject:
		p.note(Heard{What: "refused", Text: r.Sentence})
	case wire.Reconnect:
		p.sentOn = true
	}
}

func (p *SimPlayer) shown(s wire.Snapshot) {
	p.members, p.states, p.positions = map[MemberID]string{}, map[string]string{}, map[MemberID]Position{}
	for _, m := range s.Members {
		p.members[MemberID(m.Member)] = m.Player
	}
	for _, e := range s.Entries {
		p.states[e.Key] = string(e.Value)
	}
}

func (p *SimPlayer) toldState(s wire.State) {
	if s.Flags&wire.Delete != 0 {
		delete(p.states, s.Key)
		p.note(Heard{What: "gone", From: MemberID(s.Owner), Name: s.Key})
		return
	}
	if s.Flags&wire.Retain != 0 {
		p.states[s.Key] = string(s.Value)
	}
	p.note(Heard{What: "state", From: MemberID(s.Owner), Name: s.Key, Text: string(s.Value)})
}

func (p *SimPlayer) toldSignal(s wire.Signal) {
	if s.From != 0 || s.Name != wire.CorrectSignal {
		p.note(Heard{What: "signal", From: MemberID(s.From), Name: s.Name, Text: string(s.Payload)})
		return
	}
	text := "nowhere"
	if c, err := wire.DecodeCorrection(s.Payload); err == nil && c.At != nil {
		to := p.place(*c.At)
		text = fmt.Sprintf("%g %g %g", to.X, to.Y, to.Z)
	}
	p.note(Heard{What: "corrected", Text: text})
}

func (p *SimPlayer) place(at wire.Position) Position {
	at.Data = slices.Clone(at.Data)
	return positionOf(at, p.sim.room.Settings().PositionStep)
}
