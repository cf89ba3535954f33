package server

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/ticket"
)

// TestBook tells testdata/book, a day in the life of one server's seats. Each line of input is one call:
//
//	limits SESSIONS SEATS · wait SECONDS · claim PLAYER KEY SEAT GEN CAPACITY [LIFE] · release KEY SEAT
//	close KEY GEN · ended KEY · hello · report · forgotten
func TestBook(t *testing.T) {
	b, now := newBook(), time.Unix(1000, 0)
	datadriven.RunTest(t, "testdata/book", func(t *testing.T, d *datadriven.TestData) string {
		var out strings.Builder
		for line := range strings.Lines(d.Input) {
			words := strings.Fields(line)
			fmt.Fprintf(&out, "%s: %s\n", strings.Join(words, " "), runBook(t, b, &now, words))
		}
		return out.String()
	})
}

func runBook(t *testing.T, b *book, now *time.Time, words []string) string {
	number := func(i int) int {
		n, err := strconv.Atoi(words[i])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	ref := func() model.SessionRef { return model.SessionRef{Route: "plaza", Key: model.SessionKey(words[1])} }
	switch words[0] {
	case "limits":
		b.sessionLimit, b.seatLimit = number(1), number(2)
	case "wait":
		*now = now.Add(time.Duration(number(1)) * time.Second)
	case "claim":
		life := 60
		if len(words) > 6 {
			life = number(6)
		}
		seat, replaced, err := b.claim(ticket.Claims{
			Player: model.PlayerID(words[1]), Session: model.SessionRef{Route: "plaza", Key: model.SessionKey(words[2])},
			Seat: model.SeatID(number(3)), Generation: model.Generation(number(4)), Capacity: number(5),
			ExpiresAt: time.Unix(1000, 0).Add(time.Duration(life) * time.Second),
		}, *now)
		switch {
		case err != nil:
			return errors.Unwrap(err).Error()
		case replaced != nil:
			return fmt.Sprintf("seat %d, seat %d is taken away", seat.ID, replaced.ID)
		}
		return fmt.Sprintf("seat %d", seat.ID)
	case "release":
		if _, was := b.release(ref(), model.SeatID(number(2)), *now); !was {
			return "was not claimed"
		}
	case "close":
		if _, was := b.depart(ref(), model.Generation(number(2)), *now); !was {
			return "was not here"
		}
	case "ended":
		b.end(ref(), *now)
	case "hello":
		return tell(b.hello(), nil)
	case "report":
		r := b.report()
		return tell(r.GetSessions(), r.GetEnded())
	case "forgotten":
		return fmt.Sprintf("%d seats and %d sessions still remembered", len(b.released), len(b.departed)+len(b.ended))
	default:
		t.Fatalf("no such call: %s", words[0])
	}
	return "ok"
}

func tell(sessions []*greenroomv1.SessionReport, ended []*greenroomv1.SessionRef) string {
	var parts []string
	for _, r := range sessions {
		var seats []string
		for _, s := range r.GetSeats() {
			seats = append(seats, fmt.Sprintf("%s=%d", s.GetPlayer(), s.GetSeat()))
		}
		slices.Sort(r.Released)
		text := fmt.Sprintf("%s@%d %v of %d", r.GetSession().GetKey(), r.GetSession().GetGeneration(), seats, r.GetSeatCapacity())
		if len(r.Released) > 0 {
			text += fmt.Sprintf(" released %v", r.Released)
		}
		parts = append(parts, text)
	}
	for _, r := range ended {
		parts = append(parts, fmt.Sprintf("%s@%d ended", r.GetKey(), r.GetGeneration()))
	}
	slices.Sort(parts)
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}

// TestBookHoldsTheRules plays random tickets against a book and checks rules I2 and I7 after each step: never more seats
// than promised, one living seat a player and session, and a released seat's ticket opens nothing, however often it is
// shown.
func TestBookHoldsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, now := newBook(), time.Unix(1000, 0)
		b.sessionLimit, b.seatLimit = 2, 5
		dead := map[model.SeatID]bool{}
		issued := map[model.SeatID]ticket.Claims{}
		for next := model.SeatID(1); next < 60; next++ {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
			c := ticket.Claims{
				Player: model.PlayerID(rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "player")),
				Session: model.SessionRef{
					Route: "r", Key: model.SessionKey(rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "key")),
				},
				Seat: next, Generation: model.Generation(rapid.IntRange(1, 4).Draw(t, "gen")), Capacity: 3,
				ExpiresAt: now.Add(time.Minute),
			}
			issued[next] = c
			shown := issued[rapid.SampledFrom(slices.Sorted(maps.Keys(issued))).Draw(t, "shown")]
			seat, replaced, err := b.claim(shown, now)
			if err == nil && dead[shown.Seat] {
				t.Fatalf("seat %d was released and opened again", shown.Seat)
			}
			if err == nil && model.SeatID(seat.ID) != shown.Seat {
				t.Fatalf("ticket for seat %d gave seat %d", shown.Seat, seat.ID)
			}
			if replaced != nil {
				dead[model.SeatID(replaced.ID)] = true
			}
			switch rapid.IntRange(0, 6).Draw(t, "then") {
			case 0:
				b.release(shown.Session, shown.Seat, now)
				dead[shown.Seat] = true
			case 1:
				if s := b.sessions[shown.Session]; s != nil {
					for id := range s.seats {
						dead[id] = true
					}
				}
				b.depart(shown.Session, shown.Generation, now)
				dead[shown.Seat] = true
			case 2:
				if s := b.sessions[shown.Session]; s != nil {
					for id := range s.seats {
						dead[id] = true
					}
					b.end(shown.Session, now)
				}
			}
			checkBook(t, b)
		}
	})
}

func checkBook(t *rapid.T, b *book) {
	total := 0
	for ref, s := range b.sessions {
		total += len(s.seats)
		if len(s.seats) > s.capacity {
			t.Fatalf("%v has %d seats of %d", ref, len(s.seats), s.capacity)
		}
		if len(s.players) != len(s.seats) {
			t.Fatalf("%v: %d players on %d seats", ref, len(s.players), len(s.seats))
		}
	}
	if total != b.seats || total > b.seatLimit || len(b.sessions) > b.sessionLimit {
		t.Fatalf("%d seats (counted %d) in %d sessions", total, b.seats, len(b.sessions))
	}
}

// TestFrozenAndForgotten: a session that nobody comes back to is noticed once no hand-over can be under way any more.
func TestFrozenAndForgotten(t *testing.T) {
	b, now := newBook(), time.Unix(1000, 0)
	s := b.add(model.SessionRef{Route: "plaza", Key: "lounge"}, 3, 2)
	s.frozen, s.frozenAt = s.copyOf(nil, true), now
	if b.forgotten(now.Add(frozenMax - time.Second)) {
		t.Error("a hand-over may be under way")
	}
	if !b.forgotten(now.Add(frozenMax)) {
		t.Error("it stays frozen for ever")
	}
	s.frozen = nil
	if b.forgotten(now.Add(frozenMax)) {
		t.Error("it goes on, and counts as forgotten")
	}
}
