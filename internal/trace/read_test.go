package trace

import (
	"bytes"
	"testing"
)

func TestGeneratedTracesAreReadAsTheyWereWritten(t *testing.T) {
	for _, g := range Generators() {
		made, err := Generate(g.Name, Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := Write(&file, made.Trace); err != nil {
			t.Fatal(err)
		}
		read, err := Read(&file)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v", g.Name, read.Summary())
		same(t, read, made.Trace)
	}
}

func same(t testing.TB, got, want Trace) {
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
