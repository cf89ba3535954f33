package room

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
)

// Main is the whole of a game's main function: a server of a fleet if Greenroom started it, which its environment says, and
// else one alone that says on standard output how to join. It returns at SIGINT and SIGTERM, and ends the process
// with status 1 after an error.
func Main(o Options) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	run := Run
	if os.Getenv("GREENROOM_LINK") == "" {
		run = func(ctx context.Context, o Options) error { return RunAlone(ctx, o, Alone{Ready: Invite}) }
	}
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

// Invite prints how to join a server alone; it is an Alone.Ready.
func Invite(api string, doors map[string]string) {
	fmt.Printf(invitation, api, doors["ws"], doors["mqtt"])
}

const invitation = `The game is on, without Greenroom. Join with one of its clients:

    client.New(client.Config{URL: %[1]q}).JoinRoom(ctx, "game", "1", "ann", client.Options{})

or by hand; this answers a ticket for %[2]s and %[3]s:

    curl -s %[1]s/greenroom.v1.JoinService/Join -H "Content-Type: application/json" \
      -d '{"route": "game", "key": "1", "players": ["ann"]}'

`
