//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/bot"
	"greenroom.dev/greenroom/sdk/go/client"
)

// Routes of chaos.yaml.
const (
	botsRoute   = "plaza"
	joinerRoute = "meet"
	boothSeats  = 3 // of a session of meet
)

// playersTask is what the process of players is asked to do, its second argument.
type playersTask struct {
	Seed     uint64   `json:"seed"`
	API      string   `json:"api"`
	Token    string   `json:"token"`
	Bots     int      `json:"bots"`     // for each transport
	Sessions int      `json:"sessions"` // for each transport
	Hz       float64  `json:"hz"`
	Doors    []string `json:"doors"` // transports
	Joiners  int      `json:"joiners"`
	Keys     int      `json:"keys"` // sessions that the joiners meet in
}

// What the process is told on its input, a line each, in this order.
const (
	sayJoin = "join"  // the joiners may begin
	sayEnd  = "end"   // no new joins; those that are under way end
	sayStop = "leave" // the bots agree on what they saw, report and leave
)

// note is a line of the process's output.
type note struct {
	At      int64       `json:"at"` // Unix nanoseconds
	What    string      `json:"what"`
	Door    string      `json:"door,omitempty"`    // the transport
	Player  string      `json:"player,omitempty"`  // with noteLost, noteTrouble and noteUnopened
	Session string      `json:"session,omitempty"` // its key
	Why     string      `json:"why,omitempty"`
	Op      *op         `json:"op,omitempty"`     // with noteOp
	Report  *bot.Report `json:"report,omitempty"` // with noteReport
}

// What a note tells.
const (
	noteOp       = "op"       // a step of the history of joins
	noteLost     = "lost"     // a player was cut off
	noteTrouble  = "trouble"  // something a player was refused
	noteUnopened = "unopened" // a ticket did not open its room
	noteDone     = "done"     // the joiners have ended
	noteReport   = "report"   // of the bots of one transport
)

// notes writes notes; it is safe for concurrent use, and a slog.Handler for what the bots log.
type notes struct {
	mu   *sync.Mutex
	to   *json.Encoder
	door string
}

func newNotes(w io.Writer) *notes { return &notes{mu: &sync.Mutex{}, to: json.NewEncoder(w)} }

func (n *notes) write(one note) {
	if one.At == 0 {
		one.At = time.Now().UnixNano()
	}
	one.Door = n.door
	n.mu.Lock()
	defer n.mu.Unlock()
	_ = n.to.Encode(one) // whoever reads it has ended
}

// of answers the same notes for the players of one transport.
func (n *notes) of(door string) *notes { return &notes{mu: n.mu, to: n.to, door: door} }

// Enabled implements slog.Handler, as do the following.
func (n *notes) Enabled(context.Context, slog.Level) bool { return true }

// Handle makes a note of a record.
func (n *notes) Handle(_ context.Context, r slog.Record) error {
	one := note{At: r.Time.UnixNano(), What: noteTrouble}
	if r.Message == "player was disconnected" {
		one.What = noteLost
	}
	one.Why = r.Message
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "player":
			one.Player = a.Value.String()
		case "session":
			one.Session = a.Value.String()
		default:
			one.Why += ": " + a.Value.String()
		}
		return true
	})
	n.write(one)
	return nil
}

// WithAttrs is of no use here.
func (n *notes) WithAttrs([]slog.Attr) slog.Handler { return n }

// WithGroup is of no use here.
func (n *notes) WithGroup(string) slog.Handler { return n }

// asPlayers plays until it is told to stop.
func asPlayers(args []string) int {
	var task playersTask
	if err := json.Unmarshal([]byte(args[0]), &task); err != nil {
		fmt.Fprintln(os.Stderr, "chaos: the players' task:", err)
		return exitUsage
	}
	out := newNotes(os.Stdout)
	joining, endJoining := context.WithCancel(context.Background())
	playing, endPlaying := context.WithCancel(context.Background())
	defer endJoining()
	defer endPlaying()
	var bots, joiners sync.WaitGroup
	for _, door := range task.Doors {
		bots.Go(func() { playBots(playing, task, door, out.of(door)) })
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch lines.Text() {
		case sayJoin:
			for i := range task.Joiners {
				joiners.Go(func() { newJoiner(task, i, out).run(joining) })
			}
		case sayEnd:
			endJoining()
			joiners.Wait()
			out.write(note{What: noteDone})
		case sayStop:
			endPlaying()
			bots.Wait()
			return 0
		}
	}
	return 1 // whoever started it has ended
}

func playBots(ctx context.Context, task playersTask, door string, out *notes) {
	report, err := bot.Run(ctx, bot.Config{
		API:   client.Config{URL: task.API, Token: task.Token},
		Route: botsRoute, Sessions: task.Sessions, Players: task.Bots, Hz: task.Hz, Transport: door,
		KeyPrefix: door + "-", Prefix: door + "-bot-", Settle: 10 * time.Second, Logger: slog.New(out),
	})
	if err != nil {
		out.write(note{What: noteTrouble, Why: err.Error()})
	}
	out.write(note{What: noteReport, Report: &report})
}
