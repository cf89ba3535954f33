package interop_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/mqtt"
	"greenroom.dev/greenroom/internal/room/server"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plaza is the session of these tests, room the beginning of its topics.
var plaza = model.SessionRef{Route: "plaza", Key: "room-7"}

const room = "r/room-7/"

// patience bounds every wait. In virtual time it costs nothing, so that what must not come is waited for as long.
const patience = 10 * time.Second

// world is a room server with its MQTT door, and the seats that its players have.
type world struct {
	t     *testing.T
	plane *server.Standalone
	dial  func() (net.Conn, error)
	stop  func()

	mu    sync.Mutex
	seats map[string]string // player → ticket
}

// newWorld serves on TCP.
func newWorld(t *testing.T, settings model.RoomSettings) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, settings, l, func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) })
}

// inVirtualTime runs a story whose clock jumps to the next thing that happens; connections are pipes.
func inVirtualTime(t *testing.T, settings model.RoomSettings, story func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		story(t, serve(t, settings, l, l.dial))
	})
}

func serve(t *testing.T, settings model.RoomSettings, l net.Listener, dial func() (net.Conn, error)) *world {
	t.Helper()
	if settings.Tick == 0 {
		settings.Tick = model.MinTick
	}
	if settings.MaxMessagesPerSecond == 0 {
		settings.MaxMessagesPerSecond = 10_000
	}
	w := &world{t: t, plane: &server.Standalone{Room: settings}, dial: dial, seats: map[string]string{}}
	srv, err := server.New(server.Config{
		Standalone: w.plane, Listeners: map[string]net.Listener{mqtt.Endpoint: l}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server ended: %v", err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

// ticket is the player's, the same one each time: it returns to the same seat.
func (w *world) ticket(player string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seats[player] == "" {
		w.seats[player] = w.plane.Ticket(plaza, model.PlayerID(player), 100)
	}
	return w.seats[player]
}

// pass lets virtual time go by.
func pass(d time.Duration) { <-time.After(d) }
