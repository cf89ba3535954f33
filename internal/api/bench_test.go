package api

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/store"
)

// empty is the floor: the same call over the same stack, with nothing behind it.
type empty struct {
	greenroomv1connect.UnimplementedJoinServiceHandler
}

func (empty) Join(context.Context, *greenroomv1.JoinRequest) (*greenroomv1.JoinResponse, error) {
	return &greenroomv1.JoinResponse{}, nil
}

// closedLoop has 64 clients call as fast as they are answered, for a time, and answers calls per second.
func closedLoop(b *testing.B, url, secret string, requests *atomic.Int64, d time.Duration, options ...connecthttp.Option) float64 {
	b.Helper()
	const clients = 64
	client := greenroomv1connect.NewJoinServiceClient(connect.NewClient(connecthttp.NewTransport(httpClient(b, false), url, options...), bearer(secret)))
	ctx, cancel := context.WithTimeout(b.Context(), d)
	defer cancel()
	var calls atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				n := requests.Add(1)
				_, err := client.Join(ctx, &greenroomv1.JoinRequest{
					Route: "plaza", Key: fmt.Sprintf("room-%d", n/50), Players: []string{fmt.Sprintf("player-%d", n)},
				})
				if ctx.Err() == nil && err != nil {
					b.Error(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	all.Wait()
	return float64(calls.Load()) / time.Since(began).Seconds()
}

// BenchmarkJoinAgainstEmptyHandler compares Join (token, scope, rules, registry, signed ticket, metrics) with an empty
// handler of the same RPC stack, in turns on the same machine. The main job asks for a ratio of at least 0.5.
func BenchmarkJoinAgainstEmptyHandler(b *testing.B) {
	w := newWorld(b)
	secret := w.token(b, "game", store.ScopeJoin)
	w.plaza(b, w.admin(b))
	for i := range 200 {
		w.openServer(b, fmt.Sprintf("rooms-%08d", i), "rooms", 1000, 100)
	}
	floor := connect.NewServer()
	greenroomv1connect.RegisterJoinServiceHandler(floor, empty{})
	joinURL, floorURL := serve(b, w.server, HTTPOptions()...), serve(b, floor, HTTPOptions()...)
	var requests atomic.Int64
	var joins, empties float64
	for b.Loop() {
		const turn = 200 * time.Millisecond
		empties += closedLoop(b, floorURL, secret, &requests, turn)
		joins += closedLoop(b, joinURL, secret, &requests, turn)
	}
	b.ReportMetric(joins/float64(b.N), "joins/s")
	b.ReportMetric(empties/float64(b.N), "empty/s")
	b.ReportMetric(joins/empties, "ratio")
	b.ReportMetric(0, "ns/op")
}
