package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/pprof"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/udp"
)

// serverSpec describes a Greenroom server, a process of this program. It prints its doors' addresses as a line of JSON,
// answers each line of its input with its memory, and stops when that ends.
type serverSpec struct {
	Room    model.RoomSettings
	Profile string // beginning of the files' names for profiles of CPU and heap; "": none
}

// memory is what a server's Go runtime holds after a garbage collection, in bytes.
type memory struct {
	Heap   uint64 `json:"heap"` // objects that live
	Stacks uint64 `json:"stacks"`
}

func runServer(ctx context.Context, text []byte) error {
	var spec serverSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	listeners, addresses := map[string]net.Listener{}, map[string]string{}
	for _, door := range []string{"ws", "mqtt"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		listeners[door], addresses[door] = l, l.Addr().String()
	}
	datagrams, err := udp.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	addresses[udp.Endpoint] = datagrams[0].LocalAddr().String()
	s, err := server.New(server.Config{
		Standalone: &server.Standalone{Room: spec.Room}, Logger: slog.New(slog.DiscardHandler),
		Listeners: listeners, PacketListeners: map[string][]*net.UDPConn{udp.Endpoint: datagrams},
	})
	if err != nil {
		return err
	}
	if spec.Profile != "" {
		done, err := profile(spec.Profile)
		if err != nil {
			return err
		}
		defer done()
	}
	go func() {
		defer stop()
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			_ = json.NewEncoder(os.Stdout).Encode(memoryNow())
			if spec.Profile != "" {
				writeProfile(spec.Profile, "heap")
				writeProfile(spec.Profile, "goroutine")
			}
		}
	}()
	if err := json.NewEncoder(os.Stdout).Encode(addresses); err != nil {
		return err
	}
	return s.Run(ctx)
}

func memoryNow() memory {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{Heap: m.HeapAlloc, Stacks: m.StackInuse}
}

// profile collects a CPU profile until done is called.
func profile(prefix string) (done func(), err error) {
	f, err := os.Create(prefix + ".cpu.prof")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("profile: %w", err)
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

func writeProfile(prefix, what string) {
	f, err := os.Create(prefix + "." + what + ".prof")
	if err != nil {
		return
	}
	defer f.Close()
	_ = pprof.Lookup(what).WriteTo(f, 0)
}
