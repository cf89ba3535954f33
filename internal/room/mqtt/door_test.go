package mqtt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
)

// world is a room and its MQTT door. A ticket is the player's name.
type world struct {
	t    *testing.T
	room *room.Room
	door *Door

	counters room.Counters

	mu    sync.Mutex
	seats map[string]uint64
	freed []uint64
}

// Admit implements room.Gate: a player whose seat was given back gets another one.
func (w *world) Admit(ticket, _ string) (room.Admission, *room.Refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seats[ticket] == 0 {
		w.seats[ticket] = uint64(len(w.seats) + len(w.freed) + 1)
	}
	return room.Admission{Room: w.room, Player: ticket, Seat: w.seats[ticket]}, nil
}

func (w *world) released(player string, seat uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.seats, player)
	w.freed = append(w.freed, seat)
}

// givenBack is how many seats were released.
func (w *world) givenBack() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.freed)
}

func newWorld(t *testing.T, settings model.RoomSettings) *world {
	w := &world{t: t, seats: map[string]uint64{}}
	settings.Tick = model.MinTick
	w.room = room.New(room.Config{
		Session: model.SessionRef{Route: "plaza", Key: "k"}, Epoch: 1, Settings: settings, Counters: &w.counters,
		Hooks: room.Hooks{Released: w.released},
	})
	w.door = &Door{Gate: w}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.room.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		w.door.Close()
	})
	return w
}

// inVirtualTime tells a story whose clock jumps to the next thing that happens; connections are pipes.
func inVirtualTime(t *testing.T, settings model.RoomSettings, story func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { story(t, newWorld(t, settings)) })
}

// pass lets time pass.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// player is a client, byte by byte.
type player struct {
	t     *testing.T
	name  string
	level byte
	net   net.Conn
	read  reading
	mu    sync.Mutex
	got   []byte
	ended chan struct{}
	id    uint16
}

// hello is what a CONNECT says.
type hello struct {
	level     byte // 0: 5
	clean     bool
	nameless  bool
	keepAlive uint16
	props     string
	will      string // topic and payload, with a space between
	willProps string
}

func (w *world) call(t *testing.T, name string, h hello) *player {
	t.Helper()
	near, far := net.Pipe()
	go w.door.ServeConn(far)
	if h.level == 0 {
		h.level = level5
	}
	p := &player{t: t, name: name, level: h.level, net: near, ended: make(chan struct{})}
	p.read = reading{t: t, level: h.level, aliases: map[uint16]string{}, most: 1 << 16}
	go p.listen()
	t.Cleanup(func() { near.Close(); <-p.ended })
	flags := byte(0xc0)
	if h.clean {
		flags |= 2
	}
	if h.will != "" {
		flags |= 4
	}
	body := append(appendText(nil, "MQTT"), h.level, flags)
	body = binary.BigEndian.AppendUint16(body, h.keepAlive)
	v5 := func(props string) {
		if h.level == level5 {
			body = append(appendVarint(body, len(props)), props...)
		}
	}
	v5(h.props)
	if h.nameless {
		body = appendText(body, "")
	} else {
		body = appendText(body, name)
	}
	if h.will != "" {
		topic, payload, _ := strings.Cut(h.will, " ")
		v5(h.willProps)
		body = appendText(appendText(body, topic), payload)
	}
	body = appendText(appendText(body, name), name)
	p.say(appendPacket(nil, typeConnect, body))
	pass(time.Second / 10)
	return p
}

// enter connects and is let in.
func (w *world) enter(t *testing.T, name string, h hello) *player {
	t.Helper()
	p := w.call(t, name, h)
	if c := p.packets(); len(c) != 1 || c[0].kind != typeConnack || c[0].body[1] != 0 {
		t.Fatalf("%s is answered %+v", name, c)
	}
	return p
}

func (p *player) listen() {
	defer close(p.ended)
	b := make([]byte, 4096)
	for {
		n, err := p.net.Read(b)
		p.mu.Lock()
		p.got = append(p.got, b[:n]...)
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *player) say(b []byte) {
	p.t.Helper()
	if _, err := p.net.Write(b); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		p.t.Errorf("%s says %x: %v", p.name, b, err)
	}
}

type raw struct {
	kind, flags byte
	body        []byte
}

// packets are what came since the last time, after a moment's wait.
func (p *player) packets() []raw {
	p.t.Helper()
	pass(time.Second / 10)
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []raw
	in := bytes.NewReader(p.got)
	for in.Len() > 0 {
		h, err := readHeader(in, 1<<28)
		if err != nil {
			p.t.Fatalf("%s got %x: %v", p.name, p.got, err)
		}
		body := make([]byte, h.size)
		_, _ = io.ReadFull(in, body)
		all = append(all, raw{h.kind, h.flags, body})
	}
	p.got = nil
	return all
}

// told is what came since the last time, in short; every PUBLISH is answered.
func (p *player) told() []string {
	p.t.Helper()
	var all []string
	for _, r := range p.packets() {
		if r.kind != typePublish {
			all = append(all, fmt.Sprintf("%d:%x", r.kind, r.body))
			continue
		}
		m := p.read.publish(header{kind: r.kind, flags: r.flags}, r.body)
		s := fmt.Sprintf("%d %s %s", m.qos, m.topic, m.payload)
		if m.retain {
			s = "R" + s
		}
		if m.dup {
			s = "D" + s
		}
		all = append(all, s)
		switch m.qos {
		case 1:
			p.say(appendAck(nil, p.level, typePuback, m.id, 0, nil))
		case 2:
			p.say(appendAck(nil, p.level, typePubrec, m.id, 0, nil))
		}
	}
	return all
}

// answer is the body of the only packet that came.
func (p *player) answer(kind byte) []byte {
	p.t.Helper()
	all := p.packets()
	if len(all) != 1 || all[0].kind != kind {
		p.t.Fatalf("%s got %+v, want packet type %d", p.name, all, kind)
	}
	return all[0].body
}

// closed tells the reason of the DISCONNECT that came last; the connection must be closed.
func (p *player) closed() byte {
	p.t.Helper()
	all := p.packets()
	<-p.ended
	if len(all) == 0 || all[len(all)-1].kind != typeDisconnect {
		p.t.Fatalf("%s got %+v, want DISCONNECT", p.name, all)
	}
	return all[len(all)-1].body[0]
}

func (p *player) packet(kind, flags byte, body []byte) {
	p.t.Helper()
	b := appendPacket(nil, kind, body)
	b[0] |= flags
	p.say(b)
}

// subscribe answers the codes of SUBACK; what comes with it stays.
func (p *player) subscribe(options byte, filters ...string) string {
	p.t.Helper()
	p.id++
	body := binary.BigEndian.AppendUint16(nil, p.id)
	if p.level == level5 {
		body = append(body, 0)
	}
	for _, f := range filters {
		body = append(appendText(body, f), options)
	}
	p.packet(typeSubscribe, 2, body)
	pass(time.Second / 10)
	p.mu.Lock()
	defer p.mu.Unlock()
	in := bytes.NewReader(p.got)
	h, err := readHeader(in, 1<<28)
	if err != nil || h.kind != typeSuback {
		p.t.Fatalf("%s got %x, %v", p.name, p.got, err)
	}
	start := len(p.got) - in.Len()
	suback := p.got[start : start+h.size]
	p.got = p.got[start+h.size:]
	return fmt.Sprintf("%x", suback[len(suback)-len(filters):])
}

// publish sends one and answers the packet type and reason of what is said to it; with QoS 0 nothing.
func (p *player) publish(qos byte, retain bool, topic, payload, props string) string {
	p.t.Helper()
	p.id++
	body := appendText(nil, topic)
	if qos > 0 {
		body = binary.BigEndian.AppendUint16(body, p.id)
	}
	if p.level == level5 {
		body = append(appendVarint(body, len(props)), props...)
	}
	flags := qos << 1
	if retain {
		flags |= 1
	}
	p.packet(typePublish, flags, append(body, payload...))
	if qos == 0 {
		return ""
	}
	all := p.packets()
	if len(all) == 0 {
		return "nothing"
	}
	reason := byte(0)
	if len(all[0].body) > 2 {
		reason = all[0].body[2]
	}
	return fmt.Sprintf("%d %02x", all[0].kind, reason)
}

func (p *player) hangUp() {
	p.net.Close()
	<-p.ended
	pass(time.Second / 10)
}

func user(name, value string) string { return string(appendUserProperty(nil, name, value)) }
func u32(id byte, v uint32) string   { return string(appendU32Property(nil, id, v)) }
func u16(id byte, v uint16) string   { return string(appendU16Property(nil, id, v)) }

func want(t *testing.T, what string, got any, wanted any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, wanted)
	}
}
