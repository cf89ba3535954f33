// Command mochi is mochi-mqtt as a process of its own, for bench/rooms to measure: MQTT on the address given, everybody
// may do everything, nothing is kept. -buffer is its ClientNetWriteBufferSize and ClientNetReadBufferSize, 0 its own default.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

func main() {
	address := flag.String("listen", "127.0.0.1:1883", "host and port")
	buffer := flag.Int("buffer", 0, "bytes buffered for each client and direction")
	flag.Parse()
	if err := serve(*address, *buffer); err != nil {
		fmt.Fprintln(os.Stderr, "mochi:", err)
		os.Exit(1)
	}
}

func serve(address string, buffer int) error {
	server := mqtt.New(&mqtt.Options{
		ClientNetWriteBufferSize: buffer, ClientNetReadBufferSize: buffer,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err := server.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	if err := server.AddListener(listeners.NewTCP(listeners.Config{ID: "tcp", Address: address})); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	if err := server.Serve(); err != nil {
		return err
	}
	<-stop
	return server.Close()
}
