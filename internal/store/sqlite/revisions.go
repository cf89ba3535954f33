package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

const revisionColumns = `fleet, number, spec, created_at, used_at, proved_at, stopped`

// listRevisions asks for a fleet's templates: the present one, then those used last.
const listRevisions = `SELECT r.fleet, r.number, r.spec, r.created_at, r.used_at, r.proved_at, r.stopped
	FROM fleet_revisions r JOIN fleets f ON f.name = r.fleet WHERE r.fleet = ?
	ORDER BY r.number = f.revision DESC, r.used_at DESC, r.number DESC`

// ListRevisions answers the templates a fleet had, the present one first, then those used last.
func (s *Store) ListRevisions(ctx context.Context, fleet model.FleetName) ([]model.FleetRevision, error) {
	return list(ctx, s.read, scanRevision, listRevisions, fleet)
}

// ProveRevision notes that a server of a template was ready; the first time counts.
func (s *Store) ProveRevision(ctx context.Context, fleet model.FleetName, revision uint64, now time.Time) error {
	return s.changeRevision(ctx, fleet, revision, func(r *model.FleetRevision) bool {
		if !r.ProvedAt.IsZero() {
			return false
		}
		r.ProvedAt = now
		return true
	})
}

// StopRevision notes why the upgrade to a template ended by itself.
func (s *Store) StopRevision(ctx context.Context, fleet model.FleetName, revision uint64, why string) error {
	return s.changeRevision(ctx, fleet, revision, func(r *model.FleetRevision) bool {
		same := r.Stopped == why
		r.Stopped = why
		return !same
	})
}

// changeRevision changes what happened to a template, if change says that it did.
func (s *Store) changeRevision(ctx context.Context, fleet model.FleetName, number uint64, change func(*model.FleetRevision) bool) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		r, err := scanRevision(tx.QueryRowContext(ctx,
			`SELECT `+revisionColumns+` FROM fleet_revisions WHERE fleet = ? AND number = ?`, fleet, int64(number)))
		if ignoreNoRows(err) != nil {
			return false, err
		}
		if err != nil {
			return false, fmt.Errorf("revision %d of fleet %s: %w", number, fleet, store.ErrNotFound)
		}
		if !change(&r) {
			return false, nil
		}
		_, err = tx.ExecContext(ctx, `UPDATE fleet_revisions SET proved_at = ?, stopped = ? WHERE fleet = ? AND number = ?`,
			nanos(r.ProvedAt), r.Stopped, fleet, int64(number))
		return true, err
	})
}

// revise gives the number of a fleet's template: that of the same one if the fleet had it before, else the next.
func revise(ctx context.Context, tx *sql.Tx, f model.Fleet) (uint64, error) {
	had, err := list(ctx, tx, scanRevision, listRevisions, f.Name)
	if err != nil {
		return 0, err
	}
	last := uint64(0)
	for _, r := range had {
		if sameTemplate(r.Spec, f.Spec) {
			return r.Number, nil
		}
		last = max(last, r.Number)
	}
	return last + 1, nil
}

// putRevision keeps the fleet's template under its number. One that becomes the fleet's (again) is tried anew. Of those
// that were used longest ago only the one with the largest number is kept beyond the bound: numbers are given once.
func putRevision(ctx context.Context, tx *sql.Tx, f model.Fleet, became bool) error {
	_, spec, err := encode(nil, convert.FleetSpecProto(f.Spec))
	if err != nil {
		return err
	}
	at := nanos(f.UpdatedAt)
	_, err = tx.ExecContext(ctx, `INSERT INTO fleet_revisions (fleet, number, spec, created_at, used_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (fleet, number) DO UPDATE SET spec = excluded.spec,
		used_at = iif(?, excluded.used_at, used_at), stopped = iif(?, '', stopped)`,
		f.Name, int64(f.Revision), spec, at, at, became, became)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM fleet_revisions WHERE fleet = ?1
		AND number < (SELECT max(number) FROM fleet_revisions WHERE fleet = ?1) AND number <> ?2
		AND number NOT IN (SELECT number FROM fleet_revisions WHERE fleet = ?1 ORDER BY used_at DESC, number DESC LIMIT ?3)`,
		f.Name, int64(f.Revision), model.KeepRevisions)
	return err
}

// sameTemplate compares what servers are started from, as they would be: a default that is written out is no change.
func sameTemplate(a, b model.FleetSpec) bool {
	return proto.Equal(convert.FleetSpecProto(a.WithDefaults().Template()), convert.FleetSpecProto(b.WithDefaults().Template()))
}

func scanRevision(row scanner) (model.FleetRevision, error) {
	var r model.FleetRevision
	var spec string
	var number, created, used, proved int64
	if err := row.Scan(&r.Fleet, &number, &spec, &created, &used, &proved, &r.Stopped); err != nil {
		return model.FleetRevision{}, err
	}
	var message greenroomv1.FleetSpec
	if err := decode(`{}`, spec, new(map[string]string), &message); err != nil {
		return model.FleetRevision{}, fmt.Errorf("read revision %d of fleet %s: %w", number, r.Fleet, err)
	}
	r.Number, r.Spec = uint64(number), convert.FleetSpecModel(&message)
	r.CreatedAt, r.UsedAt, r.ProvedAt = fromNanos(created), fromNanos(used), fromNanos(proved)
	return r, nil
}
