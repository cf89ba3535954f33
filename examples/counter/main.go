// Command counter is a session server on net/http: each session is a number that its players raise together. Greenroom
// seats the players, moves the number to another server when this one is drained, and brings it back after a crash.
//
//	curl "$ENDPOINT?ticket=$TICKET"
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/sdk/go/server"
)

type counters struct {
	mu     sync.Mutex
	counts map[server.Session]int
	frozen map[server.Session]bool // being handed over
	green  *server.Server
}

// raise is what players call: the first call takes the seat, later ones resume it.
func (c *counters) raise(w http.ResponseWriter, r *http.Request) {
	seat, err := c.green.Claim(r.URL.Query().Get("ticket"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen[seat.Session] {
		http.Error(w, "the session is moving; try again", http.StatusServiceUnavailable)
		return
	}
	c.counts[seat.Session]++
	c.green.Copy(seat.Session, []byte(strconv.Itoa(c.counts[seat.Session])))
	fmt.Fprintf(w, "%s: %d\n", seat.Player, c.counts[seat.Session])
}

func (c *counters) open(_ context.Context, s server.Session, _ int, state []byte, _ bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[s], _ = strconv.Atoi(string(state))
	return nil
}

func (c *counters) handOver(_ context.Context, s server.Session) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen[s] = true
	return []byte(strconv.Itoa(c.counts[s])), nil
}

func (c *counters) resume(s server.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.frozen, s)
}

func (c *counters) close(s server.Session, _ string, _ *server.Redirect) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.counts, s)
	delete(c.frozen, s)
}

func main() {
	cfg, err := server.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	c := &counters{counts: map[server.Session]int{}, frozen: map[server.Session]bool{}}
	cfg.Endpoints = []*greenroomv1.Endpoint{cfg.Endpoint("game", "http", "/")}
	cfg.Handler = server.Handler{Open: c.open, HandOver: c.handOver, Resume: c.resume, Close: c.close}
	if c.green, err = server.New(cfg); err != nil {
		log.Fatal(err)
	}
	game, err := net.Listen("tcp", fmt.Sprintf(":%d", cfg.Ports["game"]))
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(game, http.HandlerFunc(c.raise))) }()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := c.green.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
