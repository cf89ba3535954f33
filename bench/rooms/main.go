// Command rooms measures what a room costs its server: N members at a rate, everybody receives everything, over loopback
// with a stock-protocol MQTT load generator in a process of its own. It runs mosquitto and Greenroom one after the other
// and prints the server processes' CPU seconds per million deliveries as a table; -o writes them as JSON too.
//
//	go run ./bench/rooms -n 100 -hz 10 -bytes 32 -for 10s -o bench/rooms.json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

// load is what is asked of a server.
type load struct {
	Members int           `json:"members"`
	Hz      int           `json:"hz"`
	Bytes   int           `json:"bytes"`
	For     time.Duration `json:"-"`
	Seconds float64       `json:"seconds"`
}

// result is what came of it.
type result struct {
	Server        string  `json:"server"`
	Delivered     uint64  `json:"delivered"`
	Expected      uint64  `json:"expected"`
	CPUSeconds    float64 `json:"server_cpu_seconds"`
	CPUPerMillion float64 `json:"server_cpu_seconds_per_million"`
	P50Millis     float64 `json:"latency_ms_p50"`
	P99Millis     float64 `json:"latency_ms_p99"`
	Ratio         float64 `json:"ratio_to_mosquitto"`
}

type report struct {
	Cores   int      `json:"cores"`
	Load    load     `json:"load"`
	Results []result `json:"results"`
}

func main() {
	var l load
	serve := flag.String("serve", "", "be the Greenroom server with this tick (used by the program itself)")
	generate := flag.String("generate", "", "be the load on this address (used by the program itself)")
	tickets := flag.Bool("tickets", false, "with -generate: log in with tickets")
	out := flag.String("o", "", "write the report as JSON to this file")
	profile := flag.String("profile", "", "write a CPU profile of the Greenroom server to this file")
	flag.IntVar(&l.Members, "n", 100, "members")
	flag.IntVar(&l.Hz, "hz", 10, "messages a second of each member")
	flag.IntVar(&l.Bytes, "bytes", 32, "payload of a message; at least 8")
	flag.DurationVar(&l.For, "for", 10*time.Second, "how long each server is measured")
	flag.Parse()
	l.Seconds = l.For.Seconds()

	var err error
	switch {
	case *serve != "":
		err = runServer(*serve, *profile)
	case *generate != "":
		err = runLoad(*generate, *tickets, l)
	default:
		err = compare(l, *out, *profile)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rooms:", err)
		os.Exit(1)
	}
}

// compare measures every server with the same load and prints the report.
func compare(l load, out, profile string) error {
	r := report{Cores: runtime.NumCPU(), Load: l}
	for _, start := range []func() (*subject, error){
		mosquitto,
		func() (*subject, error) { return greenroom("10ms", profile) },
		func() (*subject, error) { return greenroom("20ms", "") },
		func() (*subject, error) { return greenroom("50ms", "") },
	} {
		one, err := measure(start, l)
		if err != nil {
			return err
		}
		r.Results = append(r.Results, one)
	}
	for i := range r.Results {
		r.Results[i].Ratio = r.Results[i].CPUPerMillion / r.Results[0].CPUPerMillion
	}
	fmt.Printf("%d members × %d Hz × %d bytes, all to all, %v each, %d cores\n", l.Members, l.Hz, l.Bytes, l.For, r.Cores)
	fmt.Printf("%-22s %12s %10s %12s %8s %8s %8s\n", "server", "deliveries", "of wanted", "CPU-s per M", "ratio", "p50 ms", "p99 ms")
	for _, s := range r.Results {
		fmt.Printf("%-22s %12d %9.1f%% %12.3f %8.2f %8.1f %8.1f\n", s.Server, s.Delivered,
			100*float64(s.Delivered)/float64(s.Expected), s.CPUPerMillion, s.Ratio, s.P50Millis, s.P99Millis)
	}
	if out == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(b, '\n'), 0o644)
}
