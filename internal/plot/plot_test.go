package plot

import (
	"bytes"
	"math"
	"os"
	"testing"
	"time"
)

func figure() Figure {
	start := time.Date(2026, 11, 21, 0, 0, 0, 0, time.FixedZone("JST", 9*3600))
	var need, own, rival, players []Point
	for i := range 1441 {
		at := start.Add(time.Duration(i) * time.Minute)
		n := math.Ceil(12 + 10*math.Sin(float64(i)/230-2) + 0.7*math.Sin(float64(i)/7))
		need = append(need, Point{at, n})
		own = append(own, Point{at, n + 2})
		rival = append(rival, Point{at, n + 8 + math.Floor(float64(i%200)/40)})
		players = append(players, Point{at, n * 1234})
	}
	return Figure{
		Title: "Servers that a day of voice chat needed, and had", Subtitle: "voice-day, seed 1, 20,000 sessions · boot 30 s", Zone: start.Location(), SameY: false,
		Panels: []Panel{
			{"Greenroom's own policy", "server-hours 1.18 × the bound · 0 joins waited", "servers", []Series{{"needed by the bound", Band, need}, {"servers", Steps, own}}},
			{"Agones' buffer of 5", "server-hours 1.58 × the bound · 31 joins waited", "servers", []Series{{"needed by the bound", Band, need}, {"servers", Steps, rival}}},
			{"Players", "", "players", []Series{{"players", Line, players}}},
		},
		Marks: []Mark{{start.Add(20 * time.Hour), "doors"}, {start.Add(20*time.Hour + 20*time.Minute), "all are there"}, {start.Add(23*time.Hour + 50*time.Minute), "end of event"}},
	}
}

func TestFigure(t *testing.T) {
	for _, format := range []string{SVG, PNG} {
		var out bytes.Buffer
		if err := Time(&out, format, figure()); err != nil {
			t.Fatal(err)
		}
		if dir := os.Getenv("PLOT_DIR"); dir != "" {
			os.WriteFile(dir+"/figure."+format, out.Bytes(), 0o644)
		}
	}
}
