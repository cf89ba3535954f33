package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
)

// warmUp is before the part that is counted.
const warmUp = time.Second

// player is one MQTT 3.1.1 connection of the load.
type player struct {
	conn      net.Conn
	in        *bufio.Reader
	packet    []byte // its PUBLISH; the payload's first 8 bytes are the time
	stamp     []byte
	delivered atomic.Uint64
	counting  *atomic.Bool
	latencies []time.Duration
}

// runLoad is the process that puts the load on addr: one line when counting starts, one when it ends, then the result.
func runLoad(addr string, tickets bool, l load) error {
	var counting atomic.Bool
	var plane server.Standalone
	players := make([]*player, l.Members)
	for i := range players {
		name := fmt.Sprintf("p%03d", i)
		password := "none"
		if tickets {
			password = plane.Ticket(model.SessionRef{Route: "bench", Key: "room"}, model.PlayerID(name), l.Members)
		}
		p, err := dial(addr, name, password, l.Bytes)
		if err != nil {
			return err
		}
		p.counting = &counting
		players[i] = p
	}
	var readers sync.WaitGroup
	for _, p := range players {
		readers.Go(p.read)
	}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for i, p := range players {
		writers.Go(func() { p.write(l, i, stop) })
	}
	time.Sleep(warmUp)
	before := total(players)
	counting.Store(true)
	fmt.Println("start")
	time.Sleep(l.For)
	counting.Store(false)
	delivered := total(players) - before
	fmt.Println("end")
	close(stop)
	writers.Wait()
	for _, p := range players {
		p.conn.Close()
	}
	readers.Wait()
	return json.NewEncoder(os.Stdout).Encode(summary(players, delivered, l))
}

func total(players []*player) (n uint64) {
	for _, p := range players {
		n += p.delivered.Load()
	}
	return n
}

func summary(players []*player, delivered uint64, l load) map[string]any {
	var all []time.Duration
	for _, p := range players {
		all = append(all, p.latencies...)
	}
	slices.Sort(all)
	at := func(q float64) float64 {
		if len(all) == 0 {
			return 0
		}
		return float64(all[int(q*float64(len(all)-1))]) / float64(time.Millisecond)
	}
	return map[string]any{
		"delivered":      delivered,
		"expected":       uint64(float64(l.Members*l.Members*l.Hz) * l.For.Seconds()),
		"latency_ms_p50": at(0.5), "latency_ms_p99": at(0.99),
	}
}

// dial connects and subscribes to every state of the room, QoS 0.
func dial(addr, name, password string, size int) (*player, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	p := &player{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	connect := append(text(nil, "MQTT"), 4, 0xc2, 0, 60)
	connect = text(text(text(connect, name), name), password)
	subscribe := append(text([]byte{0, 1}, "r/room/s/#"), 0)
	for _, b := range [][]byte{packet(0x10, connect), packet(0x82, subscribe)} {
		if _, err := conn.Write(b); err != nil {
			return nil, err
		}
		head, body, err := p.next()
		if err != nil || head>>4 == 2 && body[1] != 0 {
			return nil, fmt.Errorf("%s: answer %x %x: %w", name, head, body, err)
		}
	}
	body := append(text(nil, "r/room/s/pos/"+name), make([]byte, max(8, size))...)
	p.packet = packet(0x30, body)
	p.stamp = p.packet[len(p.packet)-max(8, size):][:8]
	return p, nil
}

func text(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func packet(first byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{first}, uint64(len(body))), body...)
}

// next reads a packet; the body is good until the next.
func (p *player) next() (first byte, body []byte, err error) {
	if first, err = p.in.ReadByte(); err != nil {
		return 0, nil, err
	}
	size, err := binary.ReadUvarint(p.in)
	if err != nil {
		return 0, nil, err
	}
	if body, err = p.in.Peek(int(size)); err != nil {
		return 0, nil, err
	}
	_, err = p.in.Discard(int(size))
	return first, body, err
}

// read counts what comes until the connection is closed.
func (p *player) read() {
	for n := 0; ; n++ {
		first, body, err := p.next()
		if err != nil {
			if err != io.EOF && p.counting.Load() {
				fmt.Fprintln(os.Stderr, "rooms: connection lost:", err)
			}
			return
		}
		if first>>4 != 3 {
			continue
		}
		p.delivered.Add(1)
		if n%16 == 0 && p.counting.Load() {
			sent := int64(binary.BigEndian.Uint64(body[2+binary.BigEndian.Uint16(body):]))
			p.latencies = append(p.latencies, time.Duration(time.Now().UnixNano()-sent))
		}
	}
}

// write publishes at the rate; the players take turns within an interval.
func (p *player) write(l load, i int, stop <-chan struct{}) {
	every := time.Second / time.Duration(l.Hz)
	next := time.Now().Add(every * time.Duration(i) / time.Duration(l.Members))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(time.Until(next))
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		next = next.Add(every)
		binary.BigEndian.PutUint64(p.stamp, uint64(time.Now().UnixNano()))
		if _, err := p.conn.Write(p.packet); err != nil {
			return
		}
	}
}
