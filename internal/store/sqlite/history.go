package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// The columns of history that add up and those of which the largest counts, in the order of sums and maxima.
var (
	historySums = [...]string{
		"covered", "wanted", "starting", "ready", "open", "leaving", "idle", "sessions", "active", "slots", "seats", "players",
		"joins", "departed", "sessions_begun", "sessions_keyed", "refusals", "waits", "wait_time",
	}
	historyMaxima = [...]string{"sessions_max", "players_max", "wait_max"}
)

const historyColumns = len(historySums) + len(historyMaxima)

// historyFields answers where a record keeps what the columns hold.
func historyFields(r *model.HistoryRecord) [historyColumns]any {
	return [...]any{
		&r.Covered, &r.Wanted, &r.Starting, &r.Ready, &r.Open, &r.Leaving, &r.Idle, &r.Sessions, &r.Active, &r.Slots, &r.Seats, &r.Players,
		&r.Joins, &r.Left, &r.SessionsBegun, &r.SessionsKeyed, &r.Refusals, &r.Waits, &r.WaitTime,
		&r.SessionsMax, &r.PlayersMax, &r.WaitMax,
	}
}

// historyList joins the columns, each as `sum` or `maximum` has it.
func historyList(sum, maximum string) string {
	var all []string
	for _, c := range historySums {
		all = append(all, strings.ReplaceAll(sum, "?", c))
	}
	for _, c := range historyMaxima {
		all = append(all, strings.ReplaceAll(maximum, "?", c))
	}
	return strings.Join(all, ", ")
}

// historyAdd is the end of an INSERT that adds to a record that is there.
func historyAdd() string {
	return ` ON CONFLICT (subject, step, at, price) DO UPDATE SET ` + historyList("? = history.? + excluded.?", "? = max(history.?, excluded.?)")
}

// AppendHistory keeps records, or adds them to what is there.
func (s *Store) AppendHistory(ctx context.Context, records ...model.HistoryRecord) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO history (subject, step, at, price, `+historyList("?", "?")+`)
			VALUES (?, ?, ?, ?`+strings.Repeat(", ?", historyColumns)+`)`+historyAdd())
		if err != nil {
			return false, err
		}
		defer insert.Close()
		numbers := historyNumbers{tx: tx, subjects: map[model.HistorySubject]int64{}, prices: map[model.Price]int64{{}: 0}, steps: map[int64]bool{}}
		for i := range records {
			if err := numbers.keep(ctx, insert, &records[i]); err != nil {
				return false, fmt.Errorf("keep what %q did: %w", records[i].Subject.Name, err)
			}
		}
		return false, nil
	})
}

// historyNumbers are those of the subjects and prices that a transaction has met, and the steps.
type historyNumbers struct {
	tx       *sql.Tx
	subjects map[model.HistorySubject]int64
	prices   map[model.Price]int64
	steps    map[int64]bool
}

// keep keeps one record.
func (n *historyNumbers) keep(ctx context.Context, insert *sql.Stmt, r *model.HistoryRecord) error {
	subject, err := n.subject(ctx, r.Subject)
	if err != nil {
		return err
	}
	price, err := n.price(ctx, r.Price)
	if err != nil {
		return err
	}
	step := int64(r.Step / time.Second)
	if !n.steps[step] {
		if err := knowStep(ctx, n.tx, step); err != nil {
			return err
		}
		n.steps[step] = true
	}
	args := []any{subject, step, r.At.Unix(), price}
	for _, field := range historyFields(r) {
		args = append(args, *field.(*int64))
	}
	_, err = insert.ExecContext(ctx, args...)
	return err
}

func knowStep(ctx context.Context, tx *sql.Tx, seconds int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO history_steps (step) VALUES (?) ON CONFLICT DO NOTHING`, seconds)
	return err
}

// subject answers a subject's number, a new one for one that was never seen.
func (n *historyNumbers) subject(ctx context.Context, s model.HistorySubject) (id int64, err error) {
	if id, known := n.subjects[s]; known {
		return id, nil
	}
	if _, err = n.tx.ExecContext(ctx, `INSERT INTO history_subjects (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING`, s.Kind, s.Name); err != nil {
		return 0, err
	}
	err = n.tx.QueryRowContext(ctx, `SELECT id FROM history_subjects WHERE kind = ? AND name = ?`, s.Kind, s.Name).Scan(&id)
	n.subjects[s] = id
	return id, err
}

// price answers a price's number, a new one for one that was never seen; 0 for none.
func (n *historyNumbers) price(ctx context.Context, p model.Price) (id int64, err error) {
	if id, known := n.prices[p]; known {
		return id, nil
	}
	_, err = n.tx.ExecContext(ctx, `INSERT INTO history_prices (per_server_hour, currency, instance_type, spot, architecture)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, p.PerServerHour, p.Currency, p.InstanceType, p.Spot, p.Architecture)
	if err != nil {
		return 0, err
	}
	err = n.tx.QueryRowContext(ctx, `SELECT id FROM history_prices
		WHERE per_server_hour = ? AND currency = ? AND instance_type = ? AND spot = ? AND architecture = ?`,
		p.PerServerHour, p.Currency, p.InstanceType, p.Spot, p.Architecture).Scan(&id)
	n.prices[p] = id
	return id, err
}

// ReadHistory answers records, added up in steps.
func (s *Store) ReadHistory(ctx context.Context, q store.HistoryQuery) ([]model.HistoryRecord, error) {
	bucket, length := `h.at - h.at % ?`, int64(q.Step/time.Second)
	if q.Step == 0 {
		bucket, length = `?`, q.Since.Unix()
	}
	rows := `SELECT ` + bucket + ` AS bucket, max(h.step), s.kind, s.name, ` + priceColumns + `, ` + historyList("sum(h.?)", "max(h.?)") + `
		FROM history_subjects s JOIN history h ON h.subject = s.id LEFT JOIN history_prices p ON p.id = h.price
		WHERE s.kind = ? AND (s.name = ? OR ? = '') AND h.step IN (SELECT step FROM history_steps) AND h.at >= ? AND h.at < ?
		GROUP BY bucket, s.id, h.price ORDER BY bucket, s.name, h.price`
	records, err := list(ctx, s.read, scanHistory, rows, length, q.Subject.Kind, q.Subject.Name, q.Subject.Name, q.Since.Unix(), ceilUnix(q.Until))
	for i := range records {
		if q.Step == 0 {
			records[i].Step = q.Until.Sub(q.Since)
		} else {
			records[i].Step = max(records[i].Step, q.Step)
		}
	}
	return records, err
}

// ceilUnix is the first whole second at or after a time.
func ceilUnix(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

const priceColumns = `coalesce(p.per_server_hour, 0), coalesce(p.currency, ''), coalesce(p.instance_type, ''), coalesce(p.spot, 0), coalesce(p.architecture, '')`

func scanHistory(row scanner) (model.HistoryRecord, error) {
	var r model.HistoryRecord
	var at, step int64
	into := []any{
		&at, &step, &r.Subject.Kind, &r.Subject.Name,
		&r.Price.PerServerHour, &r.Price.Currency, &r.Price.InstanceType, &r.Price.Spot, &r.Price.Architecture,
	}
	fields := historyFields(&r)
	err := row.Scan(append(into, fields[:]...)...)
	r.At, r.Step = time.Unix(at, 0).UTC(), time.Duration(step)*time.Second
	return r, err
}

// CompactHistory adds records up into longer ones, a subject at a time, so that nobody who writes waits for long.
func (s *Store) CompactHistory(ctx context.Context, from, to time.Duration, before time.Time) error {
	subjects, err := list(ctx, s.read, func(row scanner) (id int64, err error) { return id, row.Scan(&id) }, `SELECT id FROM history_subjects`)
	if err != nil {
		return err
	}
	for _, id := range subjects {
		var any int
		err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM history WHERE subject = ? AND step = ? AND at < ?)`,
			id, int64(from/time.Second), before.Unix()).Scan(&any)
		if err == nil && any > 0 {
			err = s.compactSubject(ctx, id, int64(from/time.Second), int64(to/time.Second), before.Unix())
		}
		if err != nil {
			return fmt.Errorf("compact history: %w", err)
		}
	}
	return nil
}

func (s *Store) compactSubject(ctx context.Context, id, from, to, before int64) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		if to > 0 {
			if err := knowStep(ctx, tx, to); err != nil {
				return false, err
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO history (subject, step, at, price, `+historyList("?", "?")+`)
				SELECT subject, @to, at - at % @to, price, `+historyList("sum(?)", "max(?)")+` FROM history
				WHERE subject = @id AND step = @from AND at < @before GROUP BY at - at % @to, price`+historyAdd(),
				sql.Named("to", to), sql.Named("id", id), sql.Named("from", from), sql.Named("before", before))
			if err != nil {
				return false, err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM history WHERE subject = ? AND step = ? AND at < ?`, id, from, before)
		return false, err
	})
}
