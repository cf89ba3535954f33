package link

import (
	"slices"
	"sync"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

// Bounds of what waits for a server that reads slower than the stages speak. Above, the oldest messages that late joiners
// are not shown go; a server that leaves no room even so has its stream ended, and its next welcome shows it all.
const (
	MaxStagedMessages = 1024
	MaxStagedBytes    = 4 << 20
	// stageSendBytes is about how much goes into one message of the stream.
	stageSendBytes = 256 << 10
)

// Stage queues a message for every server that has rooms of its route or whose fleet takes such sessions; one that late
// joiners are shown for every server. Messages of one route must come in the order of their serials. It does not wait.
func (h *Hub) Stage(m model.StageMessage, fleets []model.FleetName) model.StageReach {
	told := convert.StageMessageProto(m)
	var reach model.StageReach
	h.mu.Lock()
	defer h.mu.Unlock()
	for st := range h.audience {
		rooms, ofRoute := st.rooms.count(m.Route, m.Space)
		if !m.Retain && !ofRoute && !slices.Contains(fleets, st.fleet) {
			continue
		}
		dropped, ok := st.staged.put(told)
		if !ok {
			st.end(errDeaf)
		}
		reach.Dropped += dropped
		if rooms > 0 && h.streams[st.server] == st {
			reach.Servers++
			reach.Rooms += rooms
		}
	}
	return reach
}

// listenToStages has a stream collect what is staged from now on, and answers what was before.
func (h *Hub) listenToStages(st *stream) *greenroomv1.StageMessages {
	h.mu.Lock()
	select {
	case <-st.done: // its handler has gone, or is about to
	default:
		h.audience[st] = struct{}{}
	}
	h.mu.Unlock()
	if h.cfg.Shown == nil {
		return nil
	}
	return convert.StageMessagesProto(h.cfg.Shown())
}

func (h *Hub) forgetListener(st *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.audience, st)
}

// stagedQueue is what one server has not been sent yet of what was staged.
type stagedQueue struct {
	wake chan struct{} // capacity 1: there is something

	mu      sync.Mutex
	waiting []*greenroomv1.StageMessage
	bytes   int
}

func newStagedQueue() stagedQueue { return stagedQueue{wake: make(chan struct{}, 1)} }

// put queues a message, in place of older ones if need be. False: there is no room even so.
func (q *stagedQueue) put(m *greenroomv1.StageMessage) (dropped int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	size := stagedSize(m)
	for full := true; full; {
		full = len(q.waiting)+1 > MaxStagedMessages || q.bytes+size > MaxStagedBytes
		if full && !q.drop() {
			return dropped, false
		} else if full {
			dropped++
		}
	}
	q.waiting = append(q.waiting, m)
	q.bytes += size
	q.signal()
	return dropped, true
}

// drop forgets the oldest message that is not retained.
func (q *stagedQueue) drop() bool {
	i := slices.IndexFunc(q.waiting, func(m *greenroomv1.StageMessage) bool { return !m.GetRetain() })
	if i < 0 {
		return false
	}
	q.bytes -= stagedSize(q.waiting[i])
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// take hands over the oldest messages, as many as go into one message of the stream.
func (q *stagedQueue) take() *greenroomv1.LinkResponse {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && (n == 0 || size+stagedSize(q.waiting[n]) <= stageSendBytes) {
		size += stagedSize(q.waiting[n])
		n++
	}
	all := &greenroomv1.StageMessages{Messages: slices.Clone(q.waiting[:n])}
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.bytes -= size
	if len(q.waiting) > 0 {
		q.signal()
	}
	return &greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Stage{Stage: all}}
}

func (q *stagedQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// stagedSize is a message's bytes, about.
func stagedSize(m *greenroomv1.StageMessage) int {
	return 64 + len(m.GetRoute()) + len(m.GetSpace()) + len(m.GetName()) + len(m.GetPayload())
}
