// Command collect reads the output of `go test -bench` and writes it as JSON: one object per benchmark, with its metrics
// averaged over the runs of -count, and the machine it ran on.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"greenroom.dev/greenroom/bench/command"
)

// summary is the file that is written.
type summary struct {
	CPU        string                        `json:"cpu"`
	Cores      int                           `json:"cores"`
	Go         string                        `json:"go"`
	Benchmarks map[string]map[string]float64 `json:"benchmarks"` // name → unit → mean
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -bench … | collect FILE")
		os.Exit(2)
	}
	if err := collect(io.TeeReader(os.Stdin, os.Stdout), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "collect:", err)
		os.Exit(1)
	}
}

func collect(in io.Reader, path string) error {
	s := summary{Cores: runtime.NumCPU(), Go: runtime.Version(), Benchmarks: map[string]map[string]float64{}}
	runs := map[string]float64{}
	failed := false
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		if cpu, ok := strings.CutPrefix(line, "cpu: "); ok {
			s.CPU = cpu
		}
		failed = failed || strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL")
		name, metrics, ok := parse(line)
		if !ok {
			continue
		}
		runs[name]++
		if s.Benchmarks[name] == nil {
			s.Benchmarks[name] = map[string]float64{}
		}
		for unit, value := range metrics {
			mean := s.Benchmarks[name][unit]
			s.Benchmarks[name][unit] = mean + (value-mean)/runs[name]
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if failed || len(s.Benchmarks) == 0 {
		return fmt.Errorf("the benchmarks failed, or there were none")
	}
	return command.WriteReport(path, s)
}

// parse reads a line such as "BenchmarkJoin-2  100  123 ns/op  5 B/op".
func parse(line string) (name string, metrics map[string]float64, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return "", nil, false
	}
	name = strings.TrimPrefix(fields[0], "Benchmark")
	if at := strings.LastIndexByte(name, '-'); at > 0 {
		name = name[:at]
	}
	metrics = map[string]float64{}
	for i := 2; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return "", nil, false
		}
		metrics[fields[i+1]] = value
	}
	return name, metrics, true
}
