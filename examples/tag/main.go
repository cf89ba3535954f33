// Command tag is a small game whose rules run on the server: players run about in an arena with walls, one of them is "it",
// and whom it touches is it next. The server holds everybody to what legs can do. It is the example of package
// sdk/go/room; README.md walks through it.
//
//	go run ./examples/tag --bots 8
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"greenroom.dev/greenroom/sdk/go/client"
	"greenroom.dev/greenroom/sdk/go/room"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:7350", "where to take joins, without Greenroom")
	bots := flag.Int("bots", 0, "how many bots play along, without Greenroom")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	if os.Getenv("GREENROOM_LINK") != "" { // started by Greenroom
		err = room.Run(ctx, room.Options{New: newTag})
	} else {
		err = alone(ctx, *listen, *bots)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func alone(ctx context.Context, listen string, bots int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var playing sync.WaitGroup
	var botErr error
	err := room.RunAlone(ctx, room.Options{New: newTag}, room.Alone{
		Listen: listen,
		Ready: func(api string, doors map[string]string) {
			room.Invite(api, doors)
			playing.Go(func() {
				if botErr = play(ctx, client.New(client.Config{URL: api}), "game", "1", bots, client.Handler{Event: report}); botErr != nil {
					cancel()
				}
			})
		},
	})
	cancel()
	playing.Wait()
	return errors.Join(err, botErr)
}

func report(e client.Event) { fmt.Printf("%s: %s\n", e.Name, e.Payload) }
