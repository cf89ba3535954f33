package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/bot"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/sdk/go/client"
)

// rehearsalFlags say how to rehearse.
type rehearsalFlags struct {
	Rehearse    share         `help:"Let simulated players join, for this share of the attendance: --rehearse=0.2. Without a share, 0.05." placeholder:"SHARE"`
	RehearseFor time.Duration `default:"5s" help:"How long they stay once they are in." placeholder:"DURATION"`
	Force       bool          `help:"Rehearse although the doors are open, or will be before it is over."`
}

const (
	// rehearsalHz is how often each simulated player moves, a second.
	rehearsalHz = 2
	// rehearsalRamp is how fast they come at most: so many a second.
	rehearsalRamp = 500
	// rehearsalMargin is the time that must be left between a rehearsal's end and the doors.
	rehearsalMargin = 15 * time.Second
	// rehearsalCleanUp bounds how long the end of its sessions may take.
	rehearsalCleanUp = 30 * time.Second
)

// rehearsal is what simulated players went through.
type rehearsal struct {
	Players  int           `json:"players"`
	Sessions int           `json:"sessions"`
	Joined   int           `json:"joined"`
	Failed   int           `json:"failed"`
	JoinMS   bot.Quantiles `json:"join_ms"` // from the API call to the room's first snapshot
	Cut      int           `json:"cut"`     // times a player was cut off
	Left     int           `json:"left"`    // sessions that could not be ended, and end when their rooms do
	Problems []string      `json:"problems,omitempty"`
}

// row prints it below the checks.
func (r *rehearsal) row(w io.Writer) {
	mark := "ok"
	if r.Failed > 0 {
		mark = "NO"
	}
	fmt.Fprintf(w, "  %s\trehearsal\t\t%d of %s got into %s: join p50 %.1f ms, p99 %.1f ms, max %.1f ms; %d failed, %d cut off\n",
		mark, r.Joined, model.Count(r.Players, "player"), model.Count(r.Sessions, "session"), r.JoinMS.P50, r.JoinMS.P99, r.JoinMS.Max, r.Failed, r.Cut)
	for _, problem := range r.Problems {
		fmt.Fprintf(w, "  \t\t\t%s\n", problem)
	}
}

// rehearse sends the players and takes every trace of them away.
func (cmd *checkEvent) rehearse(ctx context.Context, api *plane, c *console, event *greenroomv1.Event) (*rehearsal, error) {
	config, err := cmd.rehearsal(ctx, api, event)
	if err != nil {
		return nil, err
	}
	if err := cmd.allowed(event, config.For, time.Now()); err != nil {
		return nil, err
	}
	if event.GetStatus().GetPhase() == greenroomv1.EventPhase_EVENT_PHASE_PLANNED {
		fmt.Fprintf(c.err, "nothing is prepared before %s: the rehearsal sees what stands anyway\n", event.GetStatus().GetPreparesAt().AsTime().Format(time.RFC3339))
	}
	fmt.Fprintf(c.err, "rehearsing with %s in %s for %s; they take room on %s meanwhile and leave it again\n",
		model.Count(config.Players, "player"), model.Count(config.Sessions, "session"), config.For.Round(100*time.Millisecond), config.Route)
	report, err := bot.Run(ctx, config)
	if err != nil {
		return nil, usageError{err}
	}
	out := &rehearsal{
		Players: config.Players, Sessions: config.Sessions, Joined: int(report.Joined), Failed: config.Players - int(report.Joined),
		JoinMS: report.JoinMS, Cut: int(report.Disconnected), Problems: report.Problems,
	}
	if out.Left, err = api.endSessions(context.WithoutCancel(ctx), config.Route, config.KeyPrefix, config.Sessions); err != nil {
		out.Problems = append(out.Problems, fmt.Sprintf("%s could not be ended: %s", model.Count(out.Left, "session"), sentence(err)))
	}
	return out, nil
}

// rehearsal is the players' configuration: a share of the attendance, who share sessions as the event's will.
func (cmd *checkEvent) rehearsal(ctx context.Context, api *plane, event *greenroomv1.Event) (bot.Config, error) {
	spec := event.GetSpec()
	perSession := int(spec.GetPlayersPerSession())
	if perSession == 0 {
		route, err := api.routes.GetRoute(ctx, &greenroomv1.GetRouteRequest{Name: spec.GetRoute()})
		if err != nil {
			return bot.Config{}, err
		}
		if perSession, err = api.seatsPerSession(ctx, route.GetRoute()); err != nil {
			return bot.Config{}, err
		}
	}
	players := max(1, int(math.Ceil(cmd.Rehearse.share*float64(spec.GetAttendance()))))
	sessions := (players + perSession - 1) / perSession
	ramp := time.Duration(float64(players) / rehearsalRamp * float64(time.Second))
	return bot.Config{
		API: client.Config{URL: api.base, Token: api.token}, Route: spec.GetRoute(), Sessions: sessions, Players: players,
		Hz: rehearsalHz, Ramp: max(ramp, time.Millisecond), For: ramp + cmd.RehearseFor,
		KeyPrefix: "rehearsal-" + event.GetName() + "-" + guest() + "-", Prefix: "rehearsal-" + guest() + "-",
	}, nil
}

// seatsPerSession is the fewest seats that a session of one of the route's fleets has.
func (api *plane) seatsPerSession(ctx context.Context, route *greenroomv1.Route) (int, error) {
	fewest := 0
	for _, w := range route.GetSpec().GetFleets() {
		f, err := api.fleets.GetFleet(ctx, &greenroomv1.GetFleetRequest{Name: w.GetFleet()})
		if err != nil {
			return 0, err
		}
		seats := int(f.GetFleet().GetSpec().GetCapacity().GetSeatsPerSession())
		if seats == 0 {
			seats = model.DefaultSeatsPerSession
		}
		if fewest == 0 || seats < fewest {
			fewest = seats
		}
	}
	return max(1, fewest), nil
}

// allowed refuses a rehearsal that would take room from those who come to the event itself.
func (cmd *checkEvent) allowed(event *greenroomv1.Event, lasts time.Duration, now time.Time) error {
	if cmd.Force {
		return nil
	}
	doors, ends := event.GetSpec().GetDoorsAt().AsTime(), event.GetSpec().GetEndsAt().AsTime()
	left := doors.Sub(now)
	switch {
	case now.Before(ends) && left <= 0:
		return missingError(fmt.Sprintf("no rehearsal: the doors of %s are open, and it would take room from players; --force does it all the same", event.GetName()))
	case left > 0 && left < lasts+rehearsalMargin:
		return missingError(fmt.Sprintf("no rehearsal: it takes %s and the doors of %s open in %s; --force does it all the same",
			lasts.Round(time.Second), event.GetName(), left.Round(time.Second)))
	}
	return nil
}

// endSessions ends the sessions with a prefix and a number, as bot names them. It counts those that could not be ended and
// answers why one of them could not.
func (api *plane) endSessions(ctx context.Context, route, prefix string, sessions int) (left int, why error) {
	ctx, cancel := context.WithTimeout(ctx, rehearsalCleanUp)
	defer cancel()
	for n := range sessions {
		key := fmt.Sprintf("%s%d", prefix, n+1)
		_, err := api.sessions.EndSession(ctx, &greenroomv1.EndSessionRequest{Route: route, Key: key, Reason: "rehearsal"})
		if err != nil && connect.CodeOf(err) != connect.CodeNotFound {
			left, why = left+1, err
		}
	}
	return left, why
}
