//go:build linux

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/sdk/go/client"
)

// Times of a joiner.
const (
	callTimeout  = 3 * time.Second // of one call
	longestWait  = time.Second     // in the route's queue
	enterTimeout = 8 * time.Second
	longestStay  = 5 * time.Second
	longestRest  = 600 * time.Millisecond // between two visits
)

// joiner is one client that comes and goes, each time as another player, and writes down every call and what came of it.
type joiner struct {
	task   playersTask
	number int
	random *rand.Rand
	calls  greenroomv1connect.JoinServiceClient
	http   *http.Client
	out    *notes
}

func newJoiner(task playersTask, number int, out *notes) *joiner {
	j := &joiner{
		task: task, number: number, random: rand.New(rand.NewPCG(task.Seed, uint64(1+number))),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}, out: out,
	}
	transport := connecthttp.NewTransport(j.http, task.API)
	j.calls = greenroomv1connect.NewJoinServiceClient(connect.NewClient(transport, bearer(task.Token)))
	return j
}

func (j *joiner) run(ctx context.Context) {
	for visit := 1; rest(ctx, time.Duration(j.random.Int64N(int64(longestRest)))); visit++ {
		v := visitor{
			joiner: j, key: fmt.Sprintf("k%d", 1+j.random.IntN(j.task.Keys)), player: fmt.Sprintf("j%d-%d", j.number+1, visit),
		}
		v.request = "r-" + v.player
		v.visit(ctx)
	}
}

// rest: false when ctx has ended.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}

// visitor is one player of a joiner.
type visitor struct {
	*joiner
	key, player, request string
}

// visit joins, now and then by the same request again, as somebody does whose call timed out; enters, stays a while, and goes,
// with a word or without.
func (v *visitor) visit(ctx context.Context) {
	joined, outcome := v.join()
	for again := 0; again < 3 && (outcome == unknown && v.random.IntN(4) > 0 || outcome == seated && v.random.IntN(4) == 0); again++ {
		repeated, once := v.join()
		if once == seated {
			joined, outcome = repeated, once
		}
	}
	if outcome != seated {
		return // the seat that may be there lapses, and the model knows nothing of it
	}
	switch luck := v.random.IntN(20); {
	case luck == 0:
		v.tell(op{Do: doLapse, Call: now(), Return: forever})
	case luck < 4:
		v.leave(now())
	default:
		v.stay(ctx, joined)
	}
}

func now() int64 { return time.Now().UnixNano() }

// tell writes a step of the history down.
func (v *visitor) tell(o op) {
	o.Client, o.Key, o.Player = v.number, joinerRoute+"/"+v.key, v.player
	v.out.write(note{What: noteOp, Op: &o})
}

func (v *visitor) join() (*greenroomv1.JoinResponse, string) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	o := op{Do: doJoin, Request: v.request, Call: now()}
	joined, err := v.calls.Join(ctx, &greenroomv1.JoinRequest{
		Route: joinerRoute, Key: v.key, Players: []string{v.player}, RequestId: v.request, MaxWait: durationpb.New(longestWait),
	})
	o.Return = now()
	switch {
	case err == nil:
		o.Outcome, o.Server, o.Seat = seated, joined.GetServer(), seatOf(joined)
	case connect.CodeOf(err) == connect.CodeResourceExhausted, errors.Is(err, syscall.ECONNREFUSED):
		o.Outcome = refused
	default:
		o.Outcome, o.Return = unknown, forever
	}
	if err != nil {
		o.Note = err.Error()
	}
	v.tell(o)
	return joined, o.Outcome
}

// seatOf reads the seat's name out of the ticket, which a client has no need to do.
func seatOf(joined *greenroomv1.JoinResponse) string {
	parts := strings.Split(joined.GetTickets()[0].GetTicket(), ".")
	var claims struct {
		Seat string `json:"jti"`
	}
	if len(parts) == 3 {
		if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(text, &claims) == nil {
			return claims.Seat
		}
	}
	return "unreadable ticket"
}

// leave gives the seat back by the API; called is when it may have been free first.
func (v *visitor) leave(called int64) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	o := op{Do: doLeave, Call: called}
	_, err := v.calls.Leave(ctx, &greenroomv1.LeaveRequest{Route: joinerRoute, Key: v.key, Player: v.player})
	o.Return = now()
	if err != nil {
		o.Return, o.Note = forever, err.Error()
	}
	v.tell(o)
}

// stay enters the room and leaves it after a while. A connection that is lost meanwhile is not made again: the seat lapses.
func (v *visitor) stay(ctx context.Context, joined *greenroomv1.JoinResponse) {
	entering, cancel := context.WithTimeout(context.Background(), enterTimeout)
	defer cancel()
	called := now()
	place, err := client.PlaceOf(joined, "ws", v.player)
	var room *client.Room
	if err == nil {
		room, err = client.Enter(entering, place, client.Options{HTTP: v.http})
	}
	if err != nil {
		v.out.write(note{What: noteUnopened, Player: v.player, Session: joinerRoute + "/" + v.key, Why: err.Error()})
		v.tell(op{Do: doLapse, Call: called, Return: forever, Note: err.Error()})
		return
	}
	entered := now()
	v.tell(op{Do: doEnter, Call: called, Return: entered})
	staying, end := context.WithTimeout(ctx, time.Duration(v.random.Int64N(int64(longestStay))))
	defer end()
	select {
	case <-staying.Done():
		left := now()
		room.Leave()
		v.leave(left)
	case <-room.Done():
		v.tell(op{Do: doLapse, Call: entered, Return: forever, Note: fmt.Sprint(room.Err())})
	}
}
