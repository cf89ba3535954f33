package server

import (
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/seatbook"
	"greenroom.dev/greenroom/internal/ticket"
)

// BenchmarkClaim is one player's coming and going: a ticket checked, a seat claimed, resumed and released.
func BenchmarkClaim(b *testing.B) {
	srv, err := New(Config{Server: testServer, Link: "http://127.0.0.1:1", Token: testToken})
	if err != nil {
		b.Fatal(err)
	}
	srv.keys = []ticket.Key{{ID: testKey.GetId(), Secret: testKey.GetKey()}}
	close(srv.welcomed)
	tickets := make([]string, 1000)
	for i := range tickets {
		tickets[i] = sign(fmt.Sprintf("p%d", i), "room-1", uint64(i+1), 1, len(tickets), time.Now().Add(time.Hour))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		token := tickets[i%len(tickets)]
		if i%len(tickets) == 0 {
			srv.book = seatbook.New()
		}
		if _, err := srv.Claim(token); err != nil {
			b.Fatal(err)
		}
		seat, err := srv.Claim(token)
		if err != nil {
			b.Fatal(err)
		}
		srv.Release(seat)
	}
}
