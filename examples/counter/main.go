// Command counter is a session server on net/http: each session is a number that its players raise together. Greenroom
// seats the players, moves the number to another server when this one is drained, and brings it back after a crash.
//
//	curl "$ENDPOINT?ticket=$TICKET"
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/sdk/go/server"
)

type counters struct {
	sync.Mutex
	counts map[server.Session]int
	frozen map[server.Session]bool // being handed over
	green  *server.Server
}

func (c *counters) locked(do func()) {
	c.Lock()
	defer c.Unlock()
	do()
}

// ServeHTTP is what players call: the first call takes the seat, later ones resume it.
func (c *counters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seat, err := c.green.Claim(r.URL.Query().Get("ticket"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	c.locked(func() {
		if c.frozen[seat.Session] {
			http.Error(w, "the session is moving; try again", http.StatusServiceUnavailable)
			return
		}
		c.counts[seat.Session]++
		c.green.Copy(seat.Session, []byte(strconv.Itoa(c.counts[seat.Session])))
		fmt.Fprintf(w, "%s: %d\n", seat.Player, c.counts[seat.Session])
	})
}

// handler is what Greenroom asks for.
func (c *counters) handler() server.Handler {
	return server.Handler{
		Open: func(_ context.Context, s server.Session, _ int, state []byte, _ bool) error {
			c.locked(func() { c.counts[s], _ = strconv.Atoi(string(state)) })
			return nil
		},
		HandOver: func(_ context.Context, s server.Session) (state []byte, _ error) {
			c.locked(func() { c.frozen[s], state = true, []byte(strconv.Itoa(c.counts[s])) })
			return state, nil
		},
		Resume: func(s server.Session) { c.locked(func() { delete(c.frozen, s) }) },
		Close: func(s server.Session, _ string, _ *server.Redirect) {
			c.locked(func() { delete(c.counts, s); delete(c.frozen, s) })
		},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	cfg, err := server.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	c := &counters{counts: map[server.Session]int{}, frozen: map[server.Session]bool{}}
	cfg.Endpoints, cfg.Handler = []*greenroomv1.Endpoint{cfg.Endpoint("game", "http", "/")}, c.handler()
	if c.green, err = server.New(cfg); err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.ListenAndServe(fmt.Sprintf(":%d", cfg.Ports["game"]), c)) }()
	if err := c.green.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
