package chaos

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/link"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/seatbook"
)

var (
	errNotLinked = errors.New("server is not linked")
	errRefused   = errors.New("server refused")
)

const (
	// hubEvery is how often the hub looks for what is to be told to servers.
	hubEvery = 400 * time.Millisecond
	// A broken stream is noticed within breakMax by either side, at different times.
	breakMin, breakMax = 50 * time.Millisecond, 3 * time.Second
)

// hub is the node that has the streams to the servers, as internal/link does.
type hub struct {
	w       *World
	node    *node
	numbers uint64
	streams map[model.ServerID]*stream
	copies  *link.Copies
	looking bool
	listed  []model.Server // memory for the next look, unless one is under way
	spare   []*said        // reports to be used again
}

// said is a report of a server on a stream.
type said struct {
	stream   *stream
	at       time.Time // when the hub passed it on, by its clock
	serial   uint64
	book     seatbook.Report
	sessions []registry.SessionReport // of book
	ended    []registry.EndedSession  // likewise
	copies   []seatbook.Copy
	conns    *model.Connections // counted; nil: not said
	counted  model.Connections
	answer   func()         // it is no report, but an answer
	call     call[struct{}] // that passes it on
}

// greetingOf is a server's hello.
type greetingOf struct {
	state    model.ServerState
	drain    *model.Drain // told with it
	sessions []seatbook.SessionReport
}

// waiting is a session that a server froze, with the generation that it knows.
type waiting struct {
	ref model.SessionRef
	gen model.Generation
}

// stream is one connection of a server to the hub. What is sent on it arrives in order or not at all; a message that is lost
// breaks it, and each end notices by itself.
type stream struct {
	w          *World
	server     *server
	serverLife int
	hubLife    int
	number     uint64
	upAt       time.Time // of the last message's arrival, at the hub
	downAt     time.Time // and at the server
	broken     bool
	gone       bool // at the hub
	welcomed   bool
	serial     uint64

	// What follows is the hub's.
	inbox   []*said
	busy    bool
	told    link.Told
	waiting []*question
	turns   []func(done func()) // verbs that wait for their turn; the first has it
	frozen  []waiting           // by its hello, and not told to go on yet
}

// question is what the hub waits for from a server.
type question struct {
	answer func([]byte, error)
	over   bool
}

func (h *hub) begin() {
	h.node.born()
	h.numbers = max(h.numbers+1000, uint64(h.node.now().UnixMicro()))
	h.streams = map[model.ServerID]*stream{}
	h.copies = link.NewCopies()
	h.looking = false
	h.node.every(hubEvery, h.tick)
}

// accept gives a server a new stream; the hello is to follow.
func (h *hub) accept(s *server) *stream {
	return &stream{w: h.w, server: s, serverLife: s.node.life, hubLife: h.node.life}
}

// toHub sends something up the stream.
func (st *stream) toHub(do func()) { st.up(&upward{st, do}) }

// upward and downward are what is sent on a stream; what becomes of it is the stream's to notice.
type upward struct {
	stream *stream
	do     func()
}

func (m *upward) doubt() {}
func (m *upward) lost()  {}
func (m *upward) arrive() {
	if !m.stream.gone {
		m.do()
	}
}

type downward struct {
	stream *stream
	do     func()
}

func (m *downward) doubt() {}
func (m *downward) lost()  {}
func (m *downward) arrive() {
	if m.stream.server.stream == m.stream {
		m.do()
	}
}

func (st *stream) up(m message) { st.carry(st.server.node, st.w.hub.node, &st.upAt, st.hubLife, m) }

// toServer sends something down the stream.
func (st *stream) toServer(do func()) {
	st.carry(st.w.hub.node, st.server.node, &st.downAt, st.serverLife, &downward{st, do})
}

func (st *stream) carry(from, to *node, last *time.Time, life int, m message) {
	if st.broken {
		return
	}
	f := st.w.net.fate(from, to)
	if f.lost || !to.up || to.life != life {
		st.lost()
		return
	}
	now := st.w.loop.Now()
	*last = model.Later(now.Add(f.delay), *last)
	st.w.net.carry(to, last.Sub(now), m, false)
}

// lost breaks the stream; both ends notice, each in its own time.
func (st *stream) lost() {
	if st.broken {
		return
	}
	st.broken = true
	w := st.w
	w.cover(streamBroke)
	w.loop.After(w.between(breakMin, breakMax), st.endAtHub)
	w.loop.After(w.between(breakMin, breakMax), func() { st.server.node.awake(st.serverLife, func() { st.server.streamLost(st) }) })
}

// endAtHub is the end of a stream as the hub notices it.
func (st *stream) endAtHub() {
	h := st.w.hub
	if st.gone || h.node.life != st.hubLife || !h.node.up {
		return
	}
	st.gone = true
	if h.streams[st.server.instance.ID] == st {
		delete(h.streams, st.server.instance.ID)
	}
	st.inbox = nil
	for _, q := range st.waiting {
		q.reply(nil, errNotLinked)
	}
	st.waiting = nil
	if st.number == 0 {
		return
	}
	id, number, now := st.server.instance.ID, st.number, h.node.now()
	h.ask(func() error { return h.w.registry.Unlink(background, id, number, now) }, func(error) {})
}

// end ends the stream by the hub's will; the server notices soon.
func (st *stream) end() {
	st.endAtHub()
	if !st.broken {
		st.broken = true
		w := st.w
		w.loop.After(w.between(minDelay, 20*time.Millisecond), func() {
			st.server.node.awake(st.serverLife, func() { st.server.streamLost(st) })
		})
	}
}

// ask calls the registry from the hub.
func (h *hub) ask(do func() error, then func(error)) {
	ask(h.node, h.w.registry.node, registryPatience, func() (struct{}, error) { return struct{}{}, do() },
		func(_ struct{}, err error) { then(err) })
}

// greet takes a hello and answers it.
func (h *hub) greet(st *stream, hello greetingOf) {
	h.numbers++
	st.number = h.numbers
	s := st.server
	in := registry.Hello{
		Server: s.instance.ID, Stream: st.number, Version: "virtual", State: hello.state, Drain: hello.drain,
		Sessions: sessionReports(nil, hello.sessions), Now: h.node.now(),
	}
	ask(h.node, h.w.registry.node, registryPatience, func() (registry.Greeting, error) {
		return h.w.registry.greet(s, in)
	}, func(g registry.Greeting, err error) {
		if st.gone {
			return
		}
		if err != nil {
			st.end()
			return
		}
		st.told = link.ToldOf(&g.Server)
		h.copies.Greeted(&g, in.Sessions)
		over := link.Over(&g, in.Sessions)
		st.toServer(func() { s.welcome(st, &g, over) })
		st.frozen = frozenOf(hello)
		h.resume(st)
		h.enter(st)
	})
}

func frozenOf(hello greetingOf) (out []waiting) {
	for i := range hello.sessions {
		if r := &hello.sessions[i]; r.Frozen {
			out = append(out, waiting{r.Session, r.Generation})
		}
	}
	return out
}

// sessionReports appends the registry's reports of sessions to all.
func sessionReports(all []registry.SessionReport, list []seatbook.SessionReport) []registry.SessionReport {
	for i := range list {
		r := &list[i]
		all = append(all, registry.SessionReport{
			Session: r.Session, Generation: r.Generation, Capacity: r.Capacity, Claimed: r.Claimed, Released: r.Released, Frozen: r.Frozen,
		})
	}
	return all
}

// resume lets the sessions go on that wait for the end of a hand-over of which nobody knows any more, once no server from
// before a restart is waited for. It is called with the hello and with every report.
func (h *hub) resume(st *stream) {
	if len(st.frozen) == 0 || h.recovering() {
		return
	}
	for _, f := range st.frozen {
		st.inTurn(func(done func()) {
			h.resumeLive(st, f.ref, f.gen, func(error) { done() })
		})
	}
	st.frozen = nil
}

// recovering tells whether a keeper waits for servers from before a restart, as the one beside the hub would.
func (h *hub) recovering() bool {
	return slices.ContainsFunc(h.w.keepers, func(k *warden) bool { return k.node.up && k.keeper.Recovering() })
}

// enter makes the stream its server's, in place of an older one.
func (h *hub) enter(st *stream) {
	id := st.server.instance.ID
	if older := h.streams[id]; older != nil && older != st {
		if older.number > st.number {
			st.end()
			return
		}
		older.end()
	}
	h.streams[id] = st
	h.w.keepersLook()
}

// saying gives a report with nothing in it yet: every server makes one a second, so they are used again.
func (h *hub) saying(st *stream) *said {
	if last := len(h.spare) - 1; last >= 0 {
		r := h.spare[last]
		h.spare = h.spare[:last]
		r.stream = st
		return r
	}
	r := &said{stream: st}
	r.call.from, r.call.to, r.call.do, r.call.then = h.node, h.w.registry.node, r.report, r.reported
	return r
}

// unsaid takes a report back of which nothing is on its way any more.
func (h *hub) unsaid(r *said) {
	r.call.renew()
	r.stream, r.conns = nil, nil
	r.book.Sessions, r.book.Ended, r.copies = r.book.Sessions[:0], r.book.Ended[:0], r.copies[:0]
	h.spare = append(h.spare, r)
}

// A report is a message to the hub; reports are handled one after the other.
func (r *said) doubt() {}
func (r *said) lost()  {}
func (r *said) arrive() {
	st := r.stream
	if st.gone {
		return
	}
	st.inbox = append(st.inbox, r)
	if !st.busy {
		st.next()
	}
}

func (st *stream) next() {
	st.busy = true
	for len(st.inbox) > 0 && !st.gone {
		r := st.inbox[0]
		st.inbox = slices.Delete(st.inbox, 0, 1)
		if r.answer == nil {
			st.pass(r)
			return
		}
		r.answer()
	}
	st.busy = false
}

// pass takes a report.
func (st *stream) pass(r *said) {
	h := st.w.hub
	for i := range r.copies {
		h.takeCopy(&r.copies[i])
	}
	r.sessions, r.ended = sessionReports(r.sessions[:0], r.book.Sessions), r.ended[:0]
	for _, e := range r.book.Ended {
		r.ended = append(r.ended, registry.EndedSession(e))
	}
	r.at = h.node.now()
	r.call.begin(registryPatience)
}

func (h *hub) takeCopy(c *seatbook.Copy) {
	h.copies.Put(c.Session, c.Generation, c.Version, c.State, h.node.now())
}

// report passes the report on to the registry.
func (r *said) report() (struct{}, error) {
	st := r.stream
	return struct{}{}, st.w.registry.report(st.server, registry.Report{
		Server: st.server.instance.ID, Stream: st.number, Serial: r.serial, Sessions: r.sessions, Ended: r.ended, Connections: r.conns, Now: r.at,
	}, r.serial)
}

func (r *said) reported(_ struct{}, err error) {
	if err != nil {
		r.stream.end()
		return
	}
	st := r.stream
	for i := range r.ended {
		st.w.hub.copies.Drop(r.ended[i].Session, r.ended[i].Generation)
	}
	if r.call.settled() {
		st.w.hub.unsaid(r)
	}
	st.w.hub.resume(st)
	st.next()
}

// tick tells every linked server what the registry wants of it, if that changed.
func (h *hub) tick() {
	if h.looking {
		return
	}
	h.looking = true
	ask(h.node, h.w.registry.node, registryPatience, func() ([]model.Server, error) {
		mine := h.listed
		h.listed = nil // a doubled request writes elsewhere
		return h.w.registry.AppendServers(background, mine[:0], "")
	}, func(all []model.Server, _ error) {
		h.looking, h.listed = false, all
		for i := range all {
			st := h.streams[all[i].ID]
			if st == nil {
				continue
			}
			now := link.ToldOf(&all[i])
			if st.told.Tells(now) {
				st.told = now
				want, drain := link.Wanted(&all[i]), all[i].Drain
				st.toServer(func() { st.server.want, st.server.drain = want, drain })
			}
		}
	})
}

// links is the hub as a keeper's hand-overs reach it.
type links struct {
	from *node
	hub  *hub
}

var _ handover.Links = links{}

// tell has do called with a server's stream at the hub, and answers when the stream has taken it.
func (l links) tell(id model.ServerID, patience time.Duration, do func(*stream)) error {
	_, err := wait(l.from, l.hub.node, patience, func() (struct{}, error) {
		st := l.hub.streams[id]
		if st == nil {
			return struct{}{}, fmt.Errorf("tell %s: %w", id, errNotLinked)
		}
		st.toServer(func() { do(st) })
		return struct{}{}, nil
	})
	return err
}

// question asks a server through the hub, if may allows it when it is its turn, and waits for its answer.
func (l links) question(id model.ServerID, patience time.Duration, may func(then func(error)), do func(st *stream, answer answering)) ([]byte, error) {
	return waitFor(l.from, l.hub.node, patience, false, func(answer func([]byte, error)) {
		st := l.hub.streams[id]
		if st == nil {
			answer(nil, fmt.Errorf("ask %s: %w", id, errNotLinked))
			return
		}
		q := &question{answer: answer}
		st.waiting = append(st.waiting, q)
		st.inTurn(func(done func()) {
			may(func(err error) {
				if err == nil {
					st.put(q, do)
				} else {
					st.forget(q)
					q.reply(nil, err)
				}
				done()
			})
		})
	})
}

// answering is how a server answers a question; last is that of a freeze.
type answering func(last *seatbook.Copy, refusal string)

// put brings a question to the server, and its answer back.
func (st *stream) put(q *question, do func(st *stream, answer answering)) {
	st.toServer(func() {
		do(st, func(last *seatbook.Copy, refusal string) {
			st.server.answer(st, func() {
				st.forget(q)
				switch {
				case refusal != "":
					q.reply(nil, fmt.Errorf("%w: %s", errRefused, refusal))
				case last == nil:
					q.reply(nil, nil)
				default:
					st.w.hub.takeCopy(last)
					q.reply(last.State, nil)
				}
			})
		})
	})
}

func (st *stream) forget(q *question) {
	st.waiting = slices.DeleteFunc(st.waiting, func(x *question) bool { return x == q })
}

// inTurn has only one verb at a time look at something and tell the server what follows.
func (st *stream) inTurn(do func(done func())) {
	st.turns = append(st.turns, do)
	if len(st.turns) == 1 {
		st.turns[0](st.endTurn)
	}
}

func (st *stream) endTurn() {
	st.turns = st.turns[1:]
	if len(st.turns) > 0 {
		st.turns[0](st.endTurn)
	}
}

func (q *question) reply(state []byte, err error) {
	if !q.over {
		q.over = true
		q.answer(state, err)
	}
}

// HandOver implements handover.Links.
func (l links) HandOver(_ context.Context, id model.ServerID, ref model.SessionRef, gen model.Generation) ([]byte, error) {
	w := l.hub.w
	if w.has(OpenBeforeFreeze) {
		state, _ := l.hub.copies.Get(ref)
		return state, nil
	}
	took := false
	state, err := l.question(id, handover.FreezeTimeout, l.hub.moves(ref, gen), func(st *stream, answer answering) {
		took = true
		st.server.inLane(ref, func() { st.server.freeze(ref, gen, answer) })
	})
	if err != nil && took {
		w.cover(freezeAnswerLost)
	}
	return state, err
}

// moves asks the registry whether a session may be frozen to be moved.
func (h *hub) moves(ref model.SessionRef, gen model.Generation) func(then func(error)) {
	return func(then func(error)) {
		ask(h.node, h.w.registry.node, registryPatience, func() (model.Session, error) {
			return h.w.registry.GetSession(background, ref)
		}, func(x model.Session, err error) {
			if err == nil {
				err = link.MayFreeze(&x, gen)
			}
			then(err)
		})
	}
}

// Open implements handover.Links.
func (l links) Open(_ context.Context, id model.ServerID, o handover.Opening) error {
	w := l.hub.w
	value := valueOf(o.State)
	if w.has(LostState) {
		value = 0
	}
	took := false
	_, err := l.question(id, handover.OpenTimeout, func(then func(error)) { then(nil) }, func(st *stream, answer answering) {
		took = true
		st.server.inLane(o.Session, func() {
			st.server.bring(o, value, func(refusal string) { answer(nil, refusal) })
		})
	})
	if err != nil && took {
		w.cover(openAnswerLost)
	}
	return err
}

// Resume implements handover.Links.
func (l links) Resume(_ context.Context, id model.ServerID, ref model.SessionRef, gen model.Generation) error {
	h := l.hub
	_, err := waitFor(l.from, h.node, handover.UndoTimeout, false, func(answer func(struct{}, error)) {
		st := h.streams[id]
		if st == nil {
			answer(struct{}{}, fmt.Errorf("resume on %s: %w", id, errNotLinked))
			return
		}
		st.inTurn(func(done func()) {
			h.resumeLive(st, ref, gen, func(err error) {
				answer(struct{}{}, err)
				done()
			})
		})
	})
	return err
}

// resumeLive tells a server to let a session go on that is live on it, by the registry.
func (h *hub) resumeLive(st *stream, ref model.SessionRef, gen model.Generation, then func(error)) {
	ask(h.node, h.w.registry.node, registryPatience, func() (model.Session, error) {
		return h.w.registry.GetSession(background, ref)
	}, func(x model.Session, err error) {
		live := err == nil && link.GoesOn(&x, st.server.instance.ID, gen)
		switch {
		case live && !st.gone:
			st.toServer(func() { st.server.inLane(ref, func() { st.server.resume(ref, gen) }) })
		case errors.Is(err, registry.ErrNotFound):
			err = nil
		}
		then(err)
	})
}

// Close implements handover.Links.
func (l links) Close(_ context.Context, id model.ServerID, ref model.SessionRef, gen model.Generation, reason string, to *handover.Redirect) error {
	if to == nil && l.hub.node.up {
		l.hub.copies.Drop(ref, gen)
	}
	err := l.tell(id, handover.CloseTimeout, func(st *stream) { st.server.close(ref, gen, to, reason) })
	if err != nil {
		l.hub.w.cover(closeNotTold)
	}
	return err
}

// LastCopy implements handover.Links.
func (l links) LastCopy(ref model.SessionRef) ([]byte, bool) {
	if !l.hub.node.up {
		return nil, false
	}
	return l.hub.copies.Get(ref)
}

// stateOf is a session's state as it travels. Each is a piece of a larger one: servers make thousands.
func (w *World) stateOf(value uint64) []byte {
	if cap(w.states)-len(w.states) < 8 {
		w.states = make([]byte, 0, 4096)
	}
	from := len(w.states)
	w.states = binary.BigEndian.AppendUint64(w.states, value)
	return w.states[from:len(w.states):len(w.states)]
}

func valueOf(state []byte) uint64 {
	if len(state) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(state)
}

// release tells a server that a player was taken out.
func (h *hub) release(id model.ServerID, ref model.SessionRef, seat model.SeatID) {
	if st := h.streams[id]; st != nil && h.node.up {
		st.toServer(func() { st.server.releaseAsked(ref, seat) })
	}
}
