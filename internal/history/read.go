package history

import (
	"cmp"
	"context"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// Read answers records as store.History does, what is not written yet among them.
func (r *Recorder) Read(ctx context.Context, q store.HistoryQuery) ([]model.HistoryRecord, error) {
	r.written.RLock()
	defer r.written.RUnlock()
	records, err := r.cfg.Store.ReadHistory(ctx, q)
	if err != nil {
		return nil, err
	}
	return merge(records, r.recent(q), q), nil
}

// recent answers what a query chooses of the present step and of what is pending.
func (r *Recorder) recent(q store.HistoryQuery) (out []model.HistoryRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	chosen := func(record *model.HistoryRecord) bool {
		return record.Subject.Kind == q.Subject.Kind && (q.Subject.Name == "" || q.Subject.Name == record.Subject.Name) &&
			!record.At.Before(q.Since) && record.At.Before(q.Until)
	}
	for i := range r.pending {
		if chosen(&r.pending[i]) {
			out = append(out, r.pending[i])
		}
	}
	for _, record := range r.present {
		if chosen(record) {
			out = append(out, *record)
		}
	}
	return out
}

// merge adds recent records, which are of one Step, to those of the store.
func merge(records, recent []model.HistoryRecord, q store.HistoryQuery) []model.HistoryRecord {
	for i := range recent {
		one := recent[i]
		if q.Step == 0 {
			one.At, one.Step = time.Unix(q.Since.Unix(), 0).UTC(), q.Until.Sub(q.Since)
		} else {
			one.At, one.Step = floor(one.At, q.Step), max(q.Step, Step)
		}
		same := slices.IndexFunc(records, func(r model.HistoryRecord) bool {
			return r.At.Equal(one.At) && r.Subject == one.Subject && r.Price == one.Price
		})
		if same >= 0 {
			records[same].Add(&one)
		} else {
			records = append(records, one)
		}
	}
	if len(recent) > 0 {
		slices.SortStableFunc(records, func(a, b model.HistoryRecord) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Subject.Name, b.Subject.Name))
		})
	}
	return records
}
