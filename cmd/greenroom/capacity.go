package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/bot"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/sdk/go/client"
)

// capacityFlags are those of `bots --find-capacity` alone.
type capacityFlags struct {
	SLO        string        `name:"slo" default:"p99<80ms,cpu<30%" help:"With --find-capacity: the objectives, such as p99<80ms,cpu<30%."`
	Standalone bool          `help:"With --find-capacity: a room server started for it on this machine; so it is without --route."`
	Wire       string        `enum:"json,compact,udp" default:"json" help:"With --find-capacity: how players say where they are: ${enum}. json is a state each, compact a position of 7 bytes, udp the same by UDP."`
	MaxPlayers int           `default:"2000" help:"With --find-capacity: no more than so many."`
	Step       time.Duration `default:"5s" help:"With --find-capacity: how long each number is measured."`
	Tick       time.Duration `default:"50ms" help:"With --standalone: the room's tick."`
}

func (cmd *botsCommand) findCapacity(ctx context.Context, g *Globals, c *console) error {
	slo, err := bot.ParseSLO(cmd.SLO)
	if err != nil {
		return usagef("--slo: %w", err)
	}
	config := bot.CapacityConfig{
		SLO: slo, Hz: cmd.Hz, Wire: cmd.Wire, ValueBytes: cmd.Payload, MaxPlayers: cmd.MaxPlayers, Measure: cmd.Step,
		Progress: func(s bot.CapacityStep) { fmt.Fprintln(c.err, s.Line()) },
	}
	if err := config.Check(); err != nil {
		return usageError{err}
	}
	switch {
	case cmd.Standalone && cmd.Route != "":
		return usagef("--standalone starts a room server that no route leads to: leave one of them out")
	case cmd.Route != "":
		err = cmd.seatsOfRoute(ctx, g, &config)
	default:
		var stop func()
		stop, err = cmd.seatsOfOwn(c, &config)
		if err == nil {
			defer stop()
		}
	}
	if err != nil {
		return err
	}
	capacity, err := bot.FindCapacity(ctx, config)
	if err != nil {
		return err
	}
	if err := printReport(c.out, cmd.Output, capacity); err != nil {
		return err
	}
	if capacity.Players == 0 && !capacity.Interrupted {
		return fmt.Errorf("%s does not hold for even one player", capacity.SLO)
	}
	return nil
}

// seatsOfRoute has the players join one session of a route through the API.
func (cmd *botsCommand) seatsOfRoute(ctx context.Context, g *Globals, config *bot.CapacityConfig) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	key := cmd.Prefix + "capacity-" + strings.ToLower(rand.Text()[:6])
	config.Seat = func(ctx context.Context, endpoint, player string) (client.Place, error) {
		joined, err := api.joins.Join(ctx, &greenroomv1.JoinRequest{Route: cmd.Route, Key: key, Players: []string{player}})
		if err != nil {
			return client.Place{}, errors.New(sentence(err))
		}
		return client.PlaceOf(joined, endpoint, player)
	}
	// The first join makes the session, and tells on which server it is and where that tells its metrics.
	joined, err := api.joins.Join(ctx, &greenroomv1.JoinRequest{Route: cmd.Route, Key: key, Players: []string{"capacity"}})
	if err != nil {
		return err
	}
	place, err := client.PlaceOf(joined, "ws", "capacity")
	if err != nil {
		return err
	}
	if _, err := api.joins.Leave(ctx, &greenroomv1.LeaveRequest{Route: cmd.Route, Key: key, Player: "capacity"}); err != nil {
		return err
	}
	config.Metrics = strings.Replace(strings.TrimSuffix(place.URL, "/room"), "ws", "http", 1) + "/metrics"
	if isLocal(place.URL) {
		if s, err := api.servers.GetServer(ctx, &greenroomv1.GetServerRequest{Name: joined.GetServer()}); err == nil {
			config.PID = processOf(s.GetServer().GetProviderRef())
		}
	}
	return nil
}

// isLocal tells whether a room's address is this machine's loopback.
func isLocal(room string) bool {
	at, err := url.Parse(room)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(at.Hostname())
	return err == nil && addr.IsLoopback()
}

// processOf reads a server's name at the process provider, "pid 4711"; 0: it has another one.
func processOf(ref string) int {
	number, found := strings.CutPrefix(ref, "pid ")
	pid, err := strconv.Atoi(number)
	if !found || err != nil {
		return 0
	}
	return pid
}

// seatsOfOwn starts a room server, a process of its own, which ends with stop.
func (cmd *botsCommand) seatsOfOwn(c *console, config *bot.CapacityConfig) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	room := exec.Command(self, "bots-room", "--tick", cmd.Tick.String())
	room.Stderr = c.err
	stdin, err := room.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := room.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := room.Start(); err != nil {
		return nil, err
	}
	stop = sync.OnceFunc(func() {
		stdin.Close() // which ends it
		_ = room.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	var said botsRoomSays
	if err := errors.Join(err, json.Unmarshal(line, &said)); err != nil {
		stop()
		return nil, fmt.Errorf("start a room server: %w", err)
	}
	var plane server.Standalone
	config.Metrics = said["metrics"]
	config.PID = room.Process.Pid
	config.Seat = func(_ context.Context, endpoint, player string) (client.Place, error) {
		session, show := model.SessionRef{Route: "bots", Key: "capacity"}, plane.Ticket
		if endpoint == model.EndpointUDP {
			show = plane.ConnectToken
		}
		return client.Place{URL: said[endpoint], Ticket: show(session, model.PlayerID(player), config.MaxPlayers), Player: player}, nil
	}
	return stop, nil
}
