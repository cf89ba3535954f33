package trace

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// finish finds the step, holds every time against it and puts the routes of a time in order.
func (f *file) finish() (Trace, error) {
	if len(f.rows) == 0 {
		return Trace{}, &Error{Message: "the file has no row"}
	}
	t := Trace{Start: f.rows[0].At, Rows: f.rows}
	step, line, err := f.step()
	if err != nil {
		return Trace{}, err
	}
	t.Step = step
	for i, r := range t.Rows {
		if r.At.Sub(t.Start)%step != 0 {
			return Trace{}, &Error{Line: int(f.lines[i]), Column: "time", Message: fmt.Sprintf(
				"%s is not a whole number of steps after the first row: the step is %s (line %d)", f.text(r.At), step, line)}
		}
	}
	slices.SortFunc(t.Rows, func(a, b Row) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Route, b.Route)) })
	return t, nil
}

// step is what a comment says, or the smallest distance between two times; with the line that says so.
func (f *file) step() (time.Duration, int, error) {
	if f.in.step != "" {
		step, err := time.ParseDuration(f.in.step)
		if err != nil || step < MinStep || step > MaxStep {
			return 0, 0, &Error{Line: f.in.at, Column: "step", Message: fmt.Sprintf("%q is not from 1s to 1h", f.in.step)}
		}
		return step, f.in.at, nil
	}
	step, line := time.Duration(0), 0
	for i := 1; i < len(f.rows); i++ {
		if d := f.rows[i].At.Sub(f.rows[i-1].At); d > 0 && (step == 0 || d < step) {
			step, line = d, int(f.lines[i])
		}
	}
	switch {
	case step == 0:
		return 0, 0, &Error{Message: `there is only one time, so the step cannot be seen: add a line such as "# step 60s"`}
	case step < MinStep:
		return 0, 0, &Error{Line: line, Column: "time", Message: fmt.Sprintf("only %s after the row before; a step is 1s to 1h", step)}
	case step > MaxStep:
		return 0, 0, &Error{Line: line, Column: "time", Message: fmt.Sprintf(
			`%s after the row before, and no two times are closer: a step is 1s to 1h; add a line such as "# step 60s"`, step)}
	}
	return step, line, nil
}
