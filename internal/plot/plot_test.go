package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

// day is a figure as a simulation makes it: what was needed behind what there was, for two policies, and the players.
func day() Figure {
	start := time.Date(2026, 11, 21, 0, 0, 0, 0, time.FixedZone("", 9*3600))
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
		Title: "Servers that a day of voice chat needed, and had", Subtitle: "voice-day, seed 1, 20,000 sessions · boot 30 s", Zone: start.Location(),
		Panels: []Panel{
			{"Greenroom's own policy", "an example", "servers", []Series{{"needed by the bound", Band, need}, {"servers", Steps, own}}},
			{"Agones' buffer of 5", "an example", "servers", []Series{{"needed by the bound", Band, need}, {"servers", Steps, rival}}},
			{"Players", "", "players", []Series{{"players", Line, players}}},
		},
		Marks: []Mark{{start.Add(20 * time.Hour), "doors"}, {start.Add(20*time.Hour + 20*time.Minute), "all are there"}, {start.Add(23*time.Hour + 50*time.Minute), "end of event"}},
	}
}

func drawn(t testing.TB, format string, f Figure) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Time(&out, format, f); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPNG looks at what is where: the band is pale and behind, its server's line is on it, the paper is white. With
// PLOT_DIR set the picture is left there to be looked at.
func TestPNG(t *testing.T) {
	file := drawn(t, PNG, day())
	if dir := os.Getenv("PLOT_DIR"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "day.png"), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 1800 || size.Y < 1200 {
		t.Errorf("%v pixels", size)
	}
	seen := map[color.NRGBA]int{}
	for y := 0; y < picture.Bounds().Dy(); y += 2 {
		for x := 0; x < picture.Bounds().Dx(); x += 2 {
			seen[color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)]++
		}
	}
	all := palette()
	for what, c := range map[string]color.NRGBA{"paper": paper, "the band": band, "the first series": all[0], "the second": all[1]} {
		if seen[c] < 100 {
			t.Errorf("%s: %d pixels of %v", what, seen[c], c)
		}
	}
	if seen[paper] < seen[band] {
		t.Error("more band than paper")
	}
	if at := picture.At(0, 0); color.NRGBAModel.Convert(at) != paper {
		t.Errorf("the corner is %v", at)
	}
}

// label is a text of an SVG and the box that it takes.
type label struct {
	text                     string
	left, right, top, bottom float64
}

func (a label) covers(b label) bool {
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

// labels reads a picture's texts, as wide as the font says.
func labels(t interface{ Fatal(...any) }, svg []byte) (out []label) {
	text, err := newFonts()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := decoder.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "text" {
			continue
		}
		var x, y float64
		style := map[string]string{}
		for _, a := range element.Attr {
			switch a.Name.Local {
			case "x":
				x, _ = strconv.ParseFloat(a.Value, 64)
			case "y":
				y, _ = strconv.ParseFloat(a.Value, 64)
			case "style":
				for rule := range strings.SplitSeq(a.Value, ";") {
					name, value, _ := strings.Cut(rule, ":")
					style[name] = value
				}
			}
		}
		size, err := strconv.ParseFloat(strings.TrimSuffix(style["font-size"], "px"), 64)
		if err != nil {
			size = 12 // SVG's medium, which the writer leaves out
		}
		look := text.style(vg.Length(size), ink)
		if style["font-weight"] == "bold" {
			look = text.heavy(vg.Length(size), ink)
		}
		content, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		words, _ := content.(xml.CharData)
		out = append(out, label{string(words), x, x + float64(look.width(string(words))), y - 0.75*size, y + 0.2*size})
	}
}

func TestSVG(t *testing.T) {
	figure := day()
	figure.Title = `Servers of <b> & "c"`
	svg := drawn(t, SVG, figure)
	var texts []string
	for _, l := range labels(t, svg) {
		texts = append(texts, l.text)
	}
	for _, want := range []string{
		figure.Title, figure.Subtitle, "Greenroom's own policy", "servers · an example", "needed by the bound", "players",
		"21 Nov", "02:00", "22:00", "22 Nov", "Saturday 21 November 2026, UTC+09:00", "10,000", "30", "doors", "end of event",
	} {
		if !slices.Contains(texts, want) {
			t.Errorf("no text %q among %q", want, texts)
		}
	}
	if !bytes.Contains(svg, []byte("Arial,Helvetica,sans-serif")) {
		t.Error("viewers without the font have no other")
	}
}

// TestLabelsNeverCoverEachOther, nor leave the picture, whatever stands in the figure.
func TestLabelsNeverCoverEachOther(t *testing.T) {
	words := rapid.StringOfN(rapid.RuneFrom([]rune("abc def Wi0日—%")), 0, 120, -1)
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 0)
		span := time.Duration(rapid.Int64Range(int64(time.Second), int64(400*24*time.Hour)).Draw(t, "span"))
		figure := Figure{Title: words.Draw(t, "title"), Subtitle: words.Draw(t, "subtitle"), SameY: rapid.Bool().Draw(t, "same")}
		for range rapid.IntRange(1, 4).Draw(t, "panels") {
			panel := Panel{Title: words.Draw(t, "panel"), Note: words.Draw(t, "note"), Unit: words.Draw(t, "unit")}
			for range rapid.IntRange(1, MaxSeries).Draw(t, "series") {
				high := math.Pow(10, rapid.Float64Range(-3, 9).Draw(t, "high"))
				panel.Series = append(panel.Series, Series{
					words.Draw(t, "name"), Kind(rapid.IntRange(0, 2).Draw(t, "kind")),
					[]Point{{start, rapid.Float64Range(-high, high).Draw(t, "value")}, {start.Add(span), high}},
				})
			}
			figure.Panels = append(figure.Panels, panel)
		}
		marks := rapid.SliceOfN(rapid.Float64Range(-0.1, 1.1), 0, 4).Draw(t, "marks")
		slices.Sort(marks)
		for _, m := range marks {
			figure.Marks = append(figure.Marks, Mark{start.Add(time.Duration(m * float64(span))), words.Draw(t, "mark")})
		}
		var svg bytes.Buffer
		if err := Time(&svg, SVG, figure); err != nil {
			t.Fatal(err)
		}
		all := labels(t, svg.Bytes())
		for i, a := range all {
			if a.left < -1 || a.right > float64(width)+1 {
				t.Fatalf("%+v leaves the picture", a)
			}
			for _, b := range all[:i] {
				if a.covers(b) {
					t.Fatalf("%+v covers %+v", a, b)
				}
			}
		}
	})
}

func TestWhatCannotBeDrawn(t *testing.T) {
	at := time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)
	two := func(s Series) Figure {
		return Figure{Title: "t", Panels: []Panel{{Title: "p", Series: []Series{s}}}}
	}
	for _, c := range []struct {
		name, format string
		figure       Figure
		want         string
	}{
		{"no panel", SVG, Figure{}, "a figure of 0 panels: it has 1 to 24"},
		{"no point", SVG, two(Series{}), `figure "t": nothing to draw, there are no two times`},
		{"one point", PNG, two(Series{Points: []Point{{at, 1}}}), `figure "t": nothing to draw, there are no two times`},
		{"not a number", PNG, two(Series{Name: "s", Points: []Point{{at, math.NaN()}}}), `panel "p", s: NaN at 2026-11-21 18:00:00 +0000 UTC`},
		{"times back", PNG, two(Series{Name: "s", Points: []Point{{at, 1}, {at.Add(-1), 1}}}), `panel "p", s: 2026-11-21 17:59:59.999999999 +0000 UTC comes after 2026-11-21 18:00:00 +0000 UTC`},
		{"too many series", PNG, Figure{Panels: []Panel{{Title: "p", Series: make([]Series, 9)}}}, `panel "p" has 9 series: at most 8 can be told apart`},
		{"another format", "gif", two(Series{Points: []Point{{at, 1}, {at.Add(time.Hour), 1}}}), `no picture format "gif": there are svg and png`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Time(&out, c.format, c.figure); err == nil || err.Error() != c.want || out.Len() > 0 {
				t.Errorf("got %v and %d bytes, want %s", err, out.Len(), c.want)
			}
		})
	}
}

func TestThinKeepsWhatStandsOut(t *testing.T) {
	start := time.Unix(0, 0)
	var points []Point
	for i := range 100_000 {
		points = append(points, Point{start.Add(time.Duration(i) * time.Second), 5})
	}
	points[12_345].Value, points[77_777].Value = 99, -3
	kept := thin(points, span{0, 99_999})
	if len(kept) > 4*(columns+1) {
		t.Errorf("%d points are kept", len(kept))
	}
	if !slices.Contains(kept, points[12_345]) || !slices.Contains(kept, points[77_777]) || kept[0] != points[0] || kept[len(kept)-1] != points[len(points)-1] {
		t.Error("the highest, the lowest, the first or the last is gone")
	}
	if !slices.IsSortedFunc(kept, func(a, b Point) int { return a.At.Compare(b.At) }) {
		t.Error("they are not by time")
	}
}

func TestTimeTicks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		from       time.Time
		span       time.Duration
		want, zone string
	}{
		{"ten minutes", time.Date(2026, 11, 21, 19, 55, 3, 0, time.UTC), 10 * time.Minute, "19:56 19:57 19:58 19:59 20:00 20:01 20:02 20:03 20:04 20:05", "Saturday 21 November 2026, UTC"},
		{"twenty seconds", time.Date(2026, 11, 21, 19, 55, 3, 0, time.UTC), 20 * time.Second, "19:55:05 19:55:10 19:55:15 19:55:20", "Saturday 21 November 2026, UTC"},
		{"an evening", time.Date(2026, 11, 21, 18, 30, 0, 0, berlin), 8 * time.Hour, "19:00 20:00 21:00 22:00 23:00 22 Nov 01:00 02:00", "Saturday 21 November 2026, CET (UTC+01:00)"},
		{"the day that has 25 hours", time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), 25 * time.Hour, "25 Oct 02:00 04:00 06:00 08:00 10:00 12:00 14:00 16:00 18:00 20:00 22:00 26 Oct", "Sunday 25 October 2026, CEST (UTC+02:00)"},
		{"the day that has 23 hours", time.Date(2026, 3, 29, 0, 0, 0, 0, berlin), 23 * time.Hour, "29 Mar 03:00 04:00 06:00 08:00 10:00 12:00 14:00 16:00 18:00 20:00 22:00 30 Mar", "Sunday 29 March 2026, CET (UTC+01:00)"},
		{"a week", time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), 7 * 24 * time.Hour, "21 Nov 22 Nov 23 Nov 24 Nov 25 Nov 26 Nov 27 Nov 28 Nov", "Saturday 21 November 2026, UTC"},
	} {
		x := span{seconds(c.from), seconds(c.from.Add(c.span))}
		var got []string
		for _, tick := range timeTicks(x, c.from.Location()) {
			got = append(got, tick.label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.want)
		}
		if zone := zoneLabel(x, c.from.Location()); zone != c.zone {
			t.Errorf("%s: %s, want %s", c.name, zone, c.zone)
		}
	}
}

func TestValueTicks(t *testing.T) {
	for _, c := range []struct {
		lowest, highest float64
		want            string
	}{
		{0, 0, "[0.0 0.2 0.4 0.6 0.8 1.0]"},
		{0, 1, "[0.0 0.2 0.4 0.6 0.8 1.0]"},
		{0, 3, "[0 1 2 3]"},
		{0, 25, "[0 5 10 15 20 25]"},
		{0, 28_383, "[0 5,000 10,000 15,000 20,000 25,000 30,000]"},
		{-3, 3, "[-4 -2 0 2 4]"},
		{0, 0.034, "[0.00 0.01 0.02 0.03 0.04]"},
	} {
		ticks, s := valueTicks(c.lowest, c.highest)
		var got []string
		for _, tick := range ticks {
			got = append(got, tick.label)
		}
		if fmt.Sprint(got) != c.want || s.from > c.lowest || s.to < c.highest {
			t.Errorf("%g to %g: %v within %v, want %s", c.lowest, c.highest, got, s, c.want)
		}
	}
}
