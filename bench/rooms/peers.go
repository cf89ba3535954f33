package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// mosquitto is Debian's. Its queues hold what a slow reader leaves; a broker that drops does less work than is asked.
func mosquitto(noDelay bool) starter {
	name := "mosquitto"
	if noDelay {
		name += " nodelay"
	}
	return starter{name: name, wire: "mqtt", start: func(ctx context.Context) (*subject, error) {
		addr, port, err := freePort()
		if err != nil {
			return nil, err
		}
		s := &subject{Name: name, addr: map[string]string{"mqtt": addr}}
		s.Settings = fmt.Sprintf("persistence false, max_queued_messages 100000, set_tcp_nodelay %v", noDelay)
		return configured(ctx, s, "mosquitto", addr, func(file string) []string { return []string{"-c", file} },
			fmt.Sprintf("listener %d 127.0.0.1", port), "allow_anonymous true", "persistence false", "log_dest none",
			"max_queued_messages 100000", fmt.Sprintf("set_tcp_nodelay %v", noDelay))
	}}
}

// mochi is mochi-mqtt with buffers of so many bytes a client; 0: its default of 2 KiB.
func mochi(folder string, buffer int) starter {
	name := "mochi-mqtt"
	settings := "defaults"
	if buffer > 0 {
		name = fmt.Sprintf("mochi-mqtt %dk", buffer>>10)
		settings = fmt.Sprintf("ClientNetWriteBufferSize and ClientNetReadBufferSize %d", buffer)
	}
	return starter{name: name, wire: "mqtt", start: func(ctx context.Context) (*subject, error) {
		addr, _, err := freePort()
		if err != nil {
			return nil, err
		}
		s := &subject{Name: name, Settings: settings, addr: map[string]string{"mqtt": addr}}
		if err := s.launch(filepath.Join(folder, "mochi"), "-listen", addr, "-buffer", strconv.Itoa(buffer)); err != nil {
			return nil, err
		}
		if err := s.ready(ctx, addr); err != nil {
			s.stop()
			return nil, err
		}
		return s, nil
	}}
}

// nats is nats-server, spoken to over its MQTT port or in its own protocol.
func nats(folder, wire string) starter {
	name := "nats-server " + wire
	return starter{name: name, wire: wire, start: func(ctx context.Context) (*subject, error) {
		own, _, err := freePort()
		if err != nil {
			return nil, err
		}
		mqtt, _, err := freePort()
		if err != nil {
			return nil, err
		}
		s := &subject{Name: name, Settings: "jetstream on (its MQTT needs it), no log", addr: map[string]string{"nats": own, "mqtt": mqtt}}
		return configured(ctx, s, filepath.Join(folder, "nats-server"), s.addr[wire],
			func(file string) []string { return []string{"-c", file, "-l", os.DevNull} },
			`server_name: "bench"`, "listen: "+own, `jetstream { store_dir: "FOLDER" }`, "mqtt { listen: "+mqtt+" }")
	}}
}
