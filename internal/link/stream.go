package link

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Why a stream is ended; the texts go to the server's log.
var (
	errStopping = connect.NewError(connect.CodeUnavailable, "the control plane is stopping")
	errReplaced = connect.NewError(connect.CodeAborted, "a newer stream of this server took over")
	errSilent   = connect.NewError(connect.CodeDeadlineExceeded, "no hello came")
	errStranger = connect.NewError(connect.CodeUnauthenticated, "the token is not this server's")
	errDeaf     = connect.NewError(connect.CodeResourceExhausted, "the server does not read what is staged")
	errNoHello  = connect.NewError(connect.CodeInvalidArgument, "the first message must be a hello, and no other")
)

// queueLength bounds the messages that wait for a server that does not read; verbs then wait for their ctx.
const queueLength = 16

// stream is one server's stream. The handler's goroutine sends, a reader's goroutine receives; either ends both.
type stream struct {
	wire   greenroomv1connect.LinkServiceLinkServerStream
	number uint64
	serial uint64 // of its last report
	out    chan *greenroomv1.LinkResponse
	turn   chan struct{} // full while a verb has it; see inTurn
	done   chan struct{} // closed by end

	endOnce sync.Once
	cause   error // set before done is closed

	server model.ServerID // set by the hello, before the stream is known to the hub
	fleet  model.FleetName
	rooms  rooms
	staged stagedQueue
	frozen []frozen // by its hello, and not told to go on yet; the reader's

	mu      sync.Mutex
	waiting map[question][]chan<- answer
	told    Told
	room    model.RoomSettings // told last
	flags   []model.Flag       // likewise
}

// frozen is a session that waits for the end of a hand-over.
type frozen struct {
	session model.SessionRef
	gen     model.Generation
}

func (st *stream) end(cause error) {
	st.endOnce.Do(func() {
		st.cause = cause
		close(st.done)
	})
}

// Link serves one stream; it is greenroom.v1.LinkService's handler.
func (h *Hub) Link(ctx context.Context, wire greenroomv1connect.LinkServiceLinkServerStream) error {
	st := &stream{
		wire: wire, number: h.numbers.Add(1), done: make(chan struct{}), turn: make(chan struct{}, 1),
		out: make(chan *greenroomv1.LinkResponse, queueLength), waiting: map[question][]chan<- answer{},
		staged: newStagedQueue(),
	}
	defer h.forgetListener(st)
	if !h.read(ctx, st) {
		return errStopping
	}
	patience := time.NewTimer(helloWait)
	defer patience.Stop()
	var staged <-chan struct{} // not before the welcome
	for {
		select {
		case <-ctx.Done():
			st.end(context.Cause(ctx))
			return st.cause
		case <-st.done:
			return st.cause
		case <-patience.C:
			st.end(errSilent)
		case <-staged:
			if err := wire.Send(st.staged.take()); err != nil {
				st.end(err)
			}
		case m := <-st.out:
			patience.Stop()
			staged = st.staged.wake
			if err := wire.Send(m); err != nil {
				st.end(err)
			}
		}
	}
}

// read starts the stream's reader, unless the hub is stopping. The reader outlives the handler by the moment that
// Receive needs to see that the stream is over.
func (h *Hub) read(ctx context.Context, st *stream) bool {
	token := bearer(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return false
	}
	h.readers.Go(func() {
		err := h.greet(ctx, st, token)
		if err == nil {
			defer h.leave(context.WithoutCancel(ctx), st)
			err = h.listen(ctx, st)
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		st.end(err)
	})
	return true
}

func bearer(ctx context.Context) string {
	info, ok := connect.CallInfoForServerContext(ctx)
	if !ok {
		return ""
	}
	token, _ := strings.CutPrefix(info.RequestHeader().Get("Authorization"), "Bearer ")
	return token
}

// greet takes the hello and answers it.
func (h *Hub) greet(ctx context.Context, st *stream, token string) error {
	first, err := st.wire.Receive()
	if err != nil {
		return err
	}
	hello := first.GetHello()
	if hello == nil {
		return errNoHello
	}
	st.server = model.ServerID(hello.GetServer())
	if !h.cfg.Keys.CheckServerToken(st.server, token) {
		h.log.WarnContext(ctx, "a stream with a wrong token was refused", "server", hello.GetServer())
		return errStranger
	}
	if err := checkSessions(hello.GetSessions()); err != nil {
		return err
	}
	_, _, drain := convert.WantModel(hello.GetWant())
	sessions := sessionReports(hello.GetSessions())
	greeting, err := h.cfg.Registry.Greet(ctx, registry.Hello{
		Server: st.server, Stream: st.number, Version: hello.GetVersion(),
		Endpoints: convert.EndpointsModel(hello.GetEndpoints()), State: convert.ServerStateModel(hello.GetState()), Drain: drain,
		Sessions: sessions, Now: h.cfg.Now(),
	})
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return connect.Errorf(connect.CodeNotFound, "server %s is not known here, or not yet", st.server)
	case errors.Is(err, registry.ErrStale):
		return errReplaced
	case err != nil:
		return h.fault(ctx, st, "hello", err)
	}
	st.fleet = greeting.Server.Fleet
	st.rooms.add(hello.GetSessions())
	h.copies.Greeted(&greeting, sessions)
	over := Over(&greeting, sessions)
	for _, e := range over {
		st.rooms.remove(e.Session)
	}
	st.told, st.room = ToldOf(&greeting.Server), h.roomOf(greeting.Server.Fleet)
	welcome := h.welcome(greeting, st.room, over)
	welcome.Stage = h.listenToStages(st)
	st.flags = h.flagsOf(greeting.Server.Fleet)
	welcome.Flags = convert.FlagsProto(st.flags)
	st.out <- &greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Welcome{Welcome: welcome}}
	st.frozen = frozenOf(hello.GetSessions())
	if err := h.resume(ctx, st); err != nil {
		return err
	}
	return h.enter(st)
}

func (h *Hub) welcome(g registry.Greeting, room model.RoomSettings, over []registry.EndedSession) *greenroomv1.Welcome {
	key := h.cfg.Keys.ServerKey(g.Server.ID)
	w := &greenroomv1.Welcome{
		TicketKeys:      []*greenroomv1.TicketKey{{Id: key.ID, Key: key.Secret}},
		Heartbeat:       durationpb.New(Heartbeat),
		CopyInterval:    durationpb.New(CopyInterval),
		SessionCapacity: uint32(g.Server.SessionCapacity),
		SeatsPerSession: uint32(g.Server.SeatsPerSession),
		SeatCapacity:    uint32(g.Server.SeatCapacity),
		FirstSeat:       uint64(g.FirstSeat),
		Room:            convert.RoomSettingsProto(room),
		Want:            wantOf(g.Server),
	}
	for _, e := range over {
		w.Stale = append(w.Stale, convert.SessionRefProto(e.Session, e.Generation))
	}
	return w
}

func frozenOf(reported []*greenroomv1.SessionReport) (out []frozen) {
	for _, r := range reported {
		if r.GetFrozen() {
			ref, gen := convert.SessionRefModel(r.GetSession())
			out = append(out, frozen{ref, gen})
		}
	}
	return out
}

// resume lets the sessions go on that wait for the end of a hand-over of which nobody knows any more. After a restart the server
// that was heard of first may be where a session moved from: its players wait until all were heard of, or have had their
// time. It is called with the hello, before the hub knows the stream, and with every report.
func (h *Hub) resume(ctx context.Context, st *stream) error {
	if len(st.frozen) == 0 || h.cfg.Recovering != nil && h.cfg.Recovering() {
		return nil
	}
	for _, f := range st.frozen {
		if err := st.inTurn(ctx, func() error { return h.resumeLive(ctx, st, f.session, f.gen) }); err != nil {
			return err
		}
	}
	st.frozen = nil
	return nil
}

// enter makes the stream its server's, in place of an older one.
func (h *Hub) enter(st *stream) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return errStopping
	}
	if older := h.streams[st.server]; older != nil {
		if older.number > st.number {
			return errReplaced
		}
		older.end(errReplaced)
	}
	h.streams[st.server] = st
	h.log.Info("server linked", "server", st.server, "stream", st.number)
	select {
	case h.poke <- struct{}{}: // what changed since the greeting
	default:
	}
	return nil
}

func (h *Hub) leave(ctx context.Context, st *stream) {
	h.mu.Lock()
	if h.streams[st.server] == st {
		delete(h.streams, st.server)
	}
	h.mu.Unlock()
	if err := h.cfg.Registry.Unlink(ctx, st.server, st.number, h.cfg.Now()); err != nil && !errors.Is(err, registry.ErrNotFound) {
		h.log.ErrorContext(ctx, "stream's end could not be noted", "server", st.server, "err", err)
	}
	h.log.InfoContext(ctx, "server's link ended", "server", st.server, "stream", st.number, "cause", st.cause)
}

// listen takes what the server says until the stream ends.
func (h *Hub) listen(ctx context.Context, st *stream) error {
	for {
		m, err := st.wire.Receive()
		if err != nil {
			return err
		}
		switch said := m.GetMessage().(type) {
		case *greenroomv1.LinkRequest_Report:
			if err = h.report(ctx, st, said.Report); err == nil {
				err = h.resume(ctx, st)
			}
		case *greenroomv1.LinkRequest_Copy:
			h.takeCopy(st, said.Copy)
		case *greenroomv1.LinkRequest_Opened:
			ref, gen := convert.SessionRefModel(said.Opened.GetSession())
			if said.Opened.GetError() == "" {
				st.rooms.opened(said.Opened.GetSession())
			}
			st.reply(question{opening: true, session: ref, gen: gen}, answer{refusal: said.Opened.GetError()})
		default:
			err = errNoHello
		}
		if err != nil {
			return err
		}
	}
}

func (h *Hub) report(ctx context.Context, st *stream, r *greenroomv1.Report) error {
	if err := checkSessions(r.GetSessions()); err != nil {
		return err
	}
	now, ended := h.cfg.Now(), endedSessions(r.GetEnded())
	st.serial++
	err := h.cfg.Registry.Report(ctx, registry.Report{
		Server: st.server, Stream: st.number, Serial: st.serial, Sessions: sessionReports(r.GetSessions()), Ended: ended,
		Load: convert.LoadModel(r.GetLoad(), now), Connections: convert.ConnectionsModel(r.GetConnections()), Now: now,
	})
	switch {
	case errors.Is(err, registry.ErrStale):
		return connect.NewError(connect.CodeAborted, err.Error()) // a newer stream took over, or it is to greet again
	case errors.Is(err, registry.ErrNotFound):
		return connect.Errorf(connect.CodeNotFound, "server %s is not known here any more", st.server)
	case err != nil:
		return h.fault(ctx, st, "report", err)
	}
	st.rooms.add(r.GetSessions())
	for _, e := range ended {
		st.rooms.remove(e.Session)
		h.copies.Drop(e.Session, e.Generation)
	}
	return nil
}

// fault logs why the registry could not take something, and answers what the server may know of it.
func (h *Hub) fault(ctx context.Context, st *stream, what string, err error) error {
	if ctx.Err() == nil {
		h.log.ErrorContext(ctx, "registry did not take what a server said", "server", st.server, "what", what, "err", err)
	}
	return connect.Errorf(connect.CodeUnavailable, "the %s of %s could not be taken now", what, st.server).WithCause(err)
}

func (h *Hub) takeCopy(st *stream, c *greenroomv1.SessionCopy) {
	ref, gen := convert.SessionRefModel(c.GetSession())
	kept := c.GetError() != "" ||
		h.copies.Put(ref, gen, c.GetVersion(), c.GetState(), h.cfg.Now())
	if !kept {
		h.log.Warn("copy of a session was dropped: no memory is left for copies",
			"server", st.server, "session", ref.String(), "bytes", len(c.GetState()), "limit", MaxCopiesBytes)
	}
	if c.GetFinal() {
		st.reply(question{session: ref, gen: gen}, answer{state: c.GetState(), refusal: c.GetError()})
	}
}

// checkSessions refuses what no good server says, before anything of it is taken.
func checkSessions(list []*greenroomv1.SessionReport) error {
	for _, r := range list {
		ref, gen := convert.SessionRefModel(r.GetSession())
		if !model.ValidKey(string(ref.Route)) || !model.ValidKey(string(ref.Key)) || gen == 0 {
			return connect.Errorf(connect.CodeInvalidArgument, "session %q of generation %d is none of ours", ref, gen)
		}
		for _, s := range r.GetSeats() {
			if !model.ValidKey(s.GetPlayer()) || s.GetSeat() == 0 {
				return connect.Errorf(connect.CodeInvalidArgument, "seat %d of %q in %s is none of ours", s.GetSeat(), s.GetPlayer(), ref)
			}
		}
	}
	return nil
}
