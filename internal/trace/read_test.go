package trace

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

const example = `time,route,joins,sessions,stay_seconds
2026-11-21T18:00:00+09:00,voice,124,31,1500
2026-11-21T18:00:00+09:00,plaza,60,,900.5
2026-11-21T18:01:00+09:00,voice,131,33,1500
2026-11-21T18:03:00+09:00,voice,0,0,0
`

func TestRead(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	want := Trace{Start: at, Step: time.Minute, Rows: []Row{
		{At: at, Route: "plaza", Joins: 60, Stay: 900500 * time.Millisecond},
		{At: at, Route: "voice", Joins: 124, Sessions: 31, Stay: 1500 * time.Second},
		{At: at.Add(time.Minute), Route: "voice", Joins: 131, Sessions: 33, Stay: 1500 * time.Second},
		{At: at.Add(3 * time.Minute), Route: "voice"},
	}}
	for name, file := range map[string]string{
		"as it is":              example,
		"a byte order mark":     "\ufeff" + example,
		"CRLF":                  strings.ReplaceAll(example, "\n", "\r\n"),
		"no newline at the end": strings.TrimSuffix(example, "\n"),
		"comments and blanks":   "# a day\n\n# step 60s\n" + strings.ReplaceAll(example, "\n", "\n# here\n\n"),
		"spaces":                strings.ReplaceAll(example, ",", " , "),
		"quotes":                strings.ReplaceAll(example, "voice", `"voice"`),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(strings.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, want)
			if _, offset := got.Start.Zone(); offset != 9*3600 {
				t.Errorf("it is read by the hours of %s, want those of the file", got.Start)
			}
		})
	}
}

func TestColumnsComeInAnyOrderAndTimesInSeconds(t *testing.T) {
	got, err := Read(strings.NewReader("joins,sessions,stay_spread,stay_seconds,route,time\n4,2,0.5,60,a,0\n5,,,60,a,10\n4,2,1e-2,60,a,60\n"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(0, 0)
	same(t, got, Trace{Start: at, Step: 10 * time.Second, Rows: []Row{
		{At: at, Route: "a", Joins: 4, Sessions: 2, Stay: time.Minute, Spread: 0.5},
		{At: at.Add(10 * time.Second), Route: "a", Joins: 5, Stay: time.Minute},
		{At: at.Add(time.Minute), Route: "a", Joins: 4, Sessions: 2, Stay: time.Minute, Spread: 0.01},
	}})
}

// TestWhatIsWrongIsNamedWithItsPlace: rows that begin with a comma stand below the header and a row "0,a,1,1,60".
func TestWhatIsWrongIsNamedWithItsPlace(t *testing.T) {
	const head = "time,route,joins,sessions,stay_seconds\n0,a,1,1,60\n"
	long := "#" + strings.Repeat("x", maxLine) + "\n"
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "the file is empty: a trace begins with the line " + Header},
		{"only comments", "# nothing\n\n", "the file is empty: a trace begins with the line " + Header},
		{"only a header", "time,route,joins,sessions,stay_seconds\n", "the file has no row"},
		{"no header", "\n0,a,1,1,60\n", "line 2: a row, where the header is expected: " + Header},
		{"an unknown column", "# x\ntime,route,joins,sesions,stay_seconds\n", `line 2: unknown column "sesions" (did you mean sessions?); the columns are ` + Header},
		{"an unnamed column", "time,,joins\n", `line 1: unknown column ""; the columns are ` + Header},
		{"a missing column", "time,route,joins,sessions\n", `line 1: no column "stay_seconds"; the columns are ` + Header},
		{"a column twice", "time,route,joins,sessions,joins\n", `line 1: the column "joins" stands there twice`},
		{"too few fields", head + "60,a,1,1\n", "line 3: 4 fields where the header has 5"},
		{"too many fields", head + "60,a,1,1,60,7\n", "line 3: 6 fields where the header has 5"},
		{"comments count as lines", head + "# here\n\n60,a,1\n", "line 5: 3 fields where the header has 5"},
		{"a quote too few", head + "60,\"a,1,1,60\n", `line 3: not CSV: extraneous or missing " in quoted-field`},
		{"no time", head + "noon,a,1,1,60\n", `line 3, time: "noon" is neither a time such as 2026-11-21T18:00:00Z nor whole seconds from the start`},
		{"a fraction of a second", head + "60.5,a,1,1,60\n", `line 3, time: "60.5" is neither a time such as 2026-11-21T18:00:00Z nor whole seconds from the start`},
		{"a time before the start", head + "-60,a,1,1,60\n", "line 3, time: -60 is not from 0 to 31622400 seconds"},
		{"two forms of time", head + "2026-11-21T18:00:00Z,a,1,1,60\n", `line 3, time: "2026-11-21T18:00:00Z": the rows before have seconds from the start`},
		{"times back", head + "60,a,1,1,60\n30,a,1,1,60\n", "line 4, time: 30 is before line 3's 60: rows come by time"},
		{"off step", head + "60,a,1,1,60\n150,a,1,1,60\n", "line 4, time: 150 is not a whole number of steps after the first row: the step is 1m0s (line 3)"},
		{"off step that is said", "# step 30s\n" + head + "60,a,1,1,60\n80,a,1,1,60\n", "line 5, time: 80 is not a whole number of steps after the first row: the step is 30s (line 1)"},
		{"steps too far apart", head + "7200,a,1,1,60\n", `line 3, time: 2h0m0s after the row before, and no two times are closer: a step is 1s to 1h; add a line such as "# step 60s"`},
		{"steps too close", "time,route,joins,sessions,stay_seconds\n2026-11-21T18:00:00Z,a,1,1,60\n2026-11-21T18:00:00.5Z,a,1,1,60\n", "line 3, time: only 500ms after the row before; a step is 1s to 1h"},
		{"one time", head, `there is only one time, so the step cannot be seen: add a line such as "# step 60s"`},
		{"a step that is none", "# step 2h\n" + head, `line 1, step: "2h" is not from 1s to 1h`},
		{"a step without a unit", "# step 60\n" + head, `line 1, step: "60" is not from 1s to 1h`},
		{"two steps", "# step 60s\n# step 30s\n" + head, "line 2, step: says 30s, and line 1 said 60s"},
		{"too long a time", "time,route,joins,sessions,stay_seconds\n2026-11-21T18:00:00Z,a,1,1,60\n2028-11-21T18:00:00Z,a,1,1,60\n", "line 3, time: 2028-11-21T18:00:00Z is more than 8784h0m0s after the first row"},
		{"a row twice", head + "0,b,1,1,60\n0,a,2,2,60\n", "line 4, route: a at 0 stands in line 2 already"},
		{"no route", head + "60,,1,1,60\n", `line 3, route: "" is no route's name: 1 to 63 of a-z, 0-9 and "-", a letter first and no "-" last`},
		{"a bad route", head + "60,Voice,1,1,60\n", `line 3, route: "Voice" is no route's name: 1 to 63 of a-z, 0-9 and "-", a letter first and no "-" last`},
		{"negative joins", head + "60,a,-1,1,60\n", `line 3, joins: "-1" is not a whole number from 0 to 10000000`},
		{"joins that are none", head + "60,a,NaN,1,60\n", `line 3, joins: "NaN" is not a whole number from 0 to 10000000`},
		{"no joins", head + "60,a,,1,60\n", `line 3, joins: "" is not a whole number from 0 to 10000000`},
		{"too many joins", head + "60,a,10000001,1,60\n", `line 3, joins: "10000001" is not a whole number from 0 to 10000000`},
		{"half a session", head + "60,a,2,0.5,60\n", `line 3, sessions: "0.5" is not a whole number from 0 to 10000000`},
		{"more sessions than joins", head + "60,a,1,2,60\n", "line 3, sessions: 2 sessions by 1 join: each session begins with a player"},
		{"a negative stay", head + "60,a,1,1,-60\n", `line 3, stay_seconds: "-60" is not a number from 0 to 2.592e+06`},
		{"a stay that is none", head + "60,a,1,1,NaN\n", `line 3, stay_seconds: "NaN" is not a number from 0 to 2.592e+06`},
		{"an endless stay", head + "60,a,1,1,Inf\n", `line 3, stay_seconds: "Inf" is not a number from 0 to 2.592e+06`},
		{"no stay", head + "60,a,1,1,\n", "line 3, stay_seconds: 0, but 1 player joined: say how long they stayed"},
		{"a line too long", head + long, "line 3: longer than 4096 bytes: not a trace"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.file))
			if wrong := (*Error)(nil); !errors.As(err, &wrong) || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAFileOfTooManyRowsIsLeftUnread(t *testing.T) {
	_, err := read(&endless{}, 1000)
	if want := "line 1002: more than 1000 rows: take longer steps or fewer routes"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// endless is a trace file of one row after the other, one second apart.
type endless struct {
	left []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.left) == 0 {
		e.left = []byte("time,route,joins,sessions,stay_seconds\n")
		if e.at > 0 {
			e.left = fmt.Appendf(nil, "%d,a,1,1,60\n", e.at)
		}
		e.at++
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}

func TestAReadersOwnErrorIsHandedOn(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := Read(&failing{text: example, err: broken})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type failing struct {
	text string
	err  error
}

func (f *failing) Read(p []byte) (int, error) {
	n := copy(p, f.text)
	if f.text = f.text[n:]; n == 0 {
		return 0, f.err
	}
	return n, nil
}

// TestWhatIsWrittenIsReadAgain is the property behind export and import.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		demand := draw(t)
		var file bytes.Buffer
		if err := Write(&file, demand); err != nil {
			t.Fatal(err)
		}
		got, err := Read(&file)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, demand)
	})
}

// draw makes any trace.
func draw(t *rapid.T) Trace {
	zone := time.FixedZone("", 1800*rapid.IntRange(-24, 24).Draw(t, "half hours east"))
	demand := Trace{
		Start: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 0).In(zone),
		Step:  time.Duration(rapid.Int64Range(int64(MinStep), int64(MaxStep)).Draw(t, "step")),
	}
	for at := demand.Start; len(demand.Rows) == 0 || rapid.Bool().Draw(t, "more"); {
		for _, route := range []string{"a", "plaza", "voice-2"} {
			if joins := rapid.IntRange(0, MaxJoins).Draw(t, "joins"); joins > 0 || route == "a" {
				demand.Rows = append(demand.Rows, Row{
					At: at, Route: model.RouteName(route), Joins: joins, Sessions: rapid.IntRange(0, joins).Draw(t, "sessions"),
					Stay:   time.Duration(rapid.Int64Range(1, int64(MaxStay)).Draw(t, "stay")),
					Spread: rapid.Float64Range(0, MaxSpread).Draw(t, "spread"),
				})
			}
		}
		at = at.Add(demand.Step * time.Duration(rapid.IntRange(1, 3).Draw(t, "steps")))
	}
	return demand
}

// FuzzRead: whatever the file, reading it neither panics nor gives a trace that could not be written and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte("\ufeff# step 10s\r\ntime,route,joins,sessions,stay_seconds,stay_spread\r\n0,a,4,2,60,0.5\r\n"))
	f.Add([]byte("time,route\n\"0\n\",a\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := Read(bytes.NewReader(file))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		var again bytes.Buffer
		if err := Write(&again, got); err != nil {
			t.Fatalf("%v\nof %+v", err, got)
		}
		twice, err := Read(&again)
		if err != nil {
			t.Fatal(err)
		}
		same(t, twice, got)
	})
}

func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, got, want Trace,
) {
	t.Helper()
	if !got.Start.Equal(want.Start) || got.Step != want.Step || len(got.Rows) != len(want.Rows) {
		t.Fatalf("got %s, %s, %d rows, want %s, %s, %d rows", got.Start, got.Step, len(got.Rows), want.Start, want.Step, len(want.Rows))
	}
	for i, r := range got.Rows {
		w := want.Rows[i]
		if !r.At.Equal(w.At) {
			t.Fatalf("row %d: got %+v, want %+v", i, r, w)
		}
		if r.At = w.At; r != w {
			t.Fatalf("row %d: got %+v, want %+v", i, r, w)
		}
	}
}
