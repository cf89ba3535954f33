package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Write writes a trace as a file that Read reads to the same trace. A trace that Read would not give is an error, and
// nothing is written.
func Write(w io.Writer, t Trace) error {
	if err := t.Check(); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# step %s\n%s\n", stepText(t.Step), Header)
	var line []byte
	for _, r := range t.Rows {
		line = r.At.In(t.Start.Location()).AppendFormat(line[:0], time.RFC3339Nano)
		line = append(append(append(line, ','), r.Route...), ',')
		line = append(strconv.AppendInt(line, int64(r.Joins), 10), ',')
		if r.Sessions > 0 {
			line = strconv.AppendInt(line, int64(r.Sessions), 10)
		}
		line = append(line, ',')
		line = append(strconv.AppendFloat(line, r.Stay.Seconds(), 'f', -1, 64), ',')
		if r.Spread > 0 {
			line = strconv.AppendFloat(line, r.Spread, 'g', -1, 64)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// stepText is a step that time.ParseDuration reads exactly; of fractions it rounds some.
func stepText(step time.Duration) string {
	if step%time.Second == 0 {
		return fmt.Sprintf("%ds", step/time.Second)
	}
	return fmt.Sprintf("%dns", step)
}

// Check says what keeps a trace from being one.
func (t *Trace) Check() error {
	switch {
	case len(t.Rows) == 0:
		return errors.New("a trace without a row")
	case len(t.Rows) > MaxRows:
		return fmt.Errorf("%d rows, at most %d", len(t.Rows), MaxRows)
	case t.Step < MinStep || t.Step > MaxStep:
		return fmt.Errorf("a step of %s is not from 1s to 1h", t.Step)
	case !t.Rows[0].At.Equal(t.Start):
		return fmt.Errorf("the trace starts at %s, and its first row is of %s", t.Start, t.Rows[0].At)
	}
	for i := range t.Rows {
		if err := t.checkRow(i); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}

func (t *Trace) checkRow(i int) error {
	r := &t.Rows[i]
	after := r.At.Sub(t.Start)
	switch {
	case after%t.Step != 0 || after < 0 || after > MaxSpan:
		return fmt.Errorf("%s is not a whole number of steps of %s within %s after the start", r.At, t.Step, MaxSpan)
	case i > 0 && r.At.Before(t.Rows[i-1].At), i > 0 && r.At.Equal(t.Rows[i-1].At) && r.Route <= t.Rows[i-1].Route:
		return errors.New("rows are by time, then route, each once")
	case !validRoute(string(r.Route)):
		return fmt.Errorf("%q is no route's name", r.Route)
	case r.Joins < 0 || r.Joins > MaxJoins || r.Sessions < 0 || r.Sessions > r.Joins:
		return fmt.Errorf("%d joins, %d sessions", r.Joins, r.Sessions)
	case r.Stay < 0 || r.Stay > MaxStay || r.Stay == 0 && r.Joins > 0:
		return fmt.Errorf("%d joins stay %s", r.Joins, r.Stay)
	case !(r.Spread >= 0 && r.Spread <= MaxSpread):
		return fmt.Errorf("a spread of %g", r.Spread)
	}
	return nil
}
