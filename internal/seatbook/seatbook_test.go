package seatbook

import (
	"cmp"
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

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/ticket"
)

// TestBook tells testdata/book, a day in the life of one server's seats. Each line of input is one call:
//
//	limits SESSIONS SEATS · wait SECONDS · claim PLAYER KEY SEAT GEN CAPACITY [LIFE] · release KEY SEAT
//	close KEY GEN · ended KEY · hello · report · forgotten · from SEAT
func TestBook(t *testing.T) { play(t, "testdata/book") }

// TestAsked tells testdata/asked, what the control plane asks of a server:
//
//	open KEY GEN CAPACITY · opened KEY [refused] · freeze KEY GEN · frozen KEY GEN STATE|failed · resume KEY GEN
//	copy KEY STATE · copies
func TestAsked(t *testing.T) { play(t, "testdata/asked") }

func play(t *testing.T, path string) {
	b, now := New(), time.Unix(1000, 0)
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		var out strings.Builder
		for line := range strings.Lines(d.Input) {
			words := strings.Fields(line)
			fmt.Fprintf(&out, "%s: %s\n", strings.Join(words, " "), runBook(t, b, &now, words))
		}
		return out.String()
	})
}

func runBook(t *testing.T, b *Book, now *time.Time, words []string) string {
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
		b.Limit(number(1), number(2))
	case "from":
		b.OpensFrom(model.SeatID(number(1)))
	case "wait":
		*now = now.Add(time.Duration(number(1)) * time.Second)
	case "claim":
		life := 60
		if len(words) > 6 {
			life = number(6)
		}
		id := model.SeatID(number(3))
		if s := b.Session(model.SessionRef{Route: "plaza", Key: model.SessionKey(words[2])}); s != nil && s.Busy() != nil {
			return "has to wait"
		}
		_, how, err := b.Claim(&ticket.Claims{
			Player: model.PlayerID(words[1]), Session: model.SessionRef{Route: "plaza", Key: model.SessionKey(words[2])},
			Seat: id, Generation: model.Generation(number(4)), Capacity: number(5),
			ExpiresAt: time.Unix(1000, 0).Add(time.Duration(life) * time.Second),
		}, *now)
		switch {
		case err != nil:
			return errors.Unwrap(err).Error()
		case how.Replaced != 0:
			return fmt.Sprintf("seat %d, seat %d is taken away", id, how.Replaced)
		}
		return fmt.Sprintf("seat %d", id)
	case "release":
		if _, _, was := b.Release(ref(), model.SeatID(number(2)), *now); !was {
			return "was not claimed"
		}
	case "close":
		if b.Close(ref(), model.Generation(number(2)), *now) == nil {
			return "was not here"
		}
	case "ended":
		b.End(b.Session(ref()), *now)
	case "hello":
		return tell(Report{Sessions: b.Hello()})
	case "report":
		var r Report
		b.Report(&r)
		return tell(r)
	case "forgotten":
		return fmt.Sprintf("%d seats and %d sessions still remembered", len(b.released), len(b.departed)+len(b.ended))
	default:
		return runAsked(t, b, *now, words, number, ref)
	}
	return "ok"
}

func runAsked(t *testing.T, b *Book, now time.Time, words []string, number func(int) int, ref func() model.SessionRef) string {
	var copies []Copy
	var err error
	switch words[0] {
	case "open":
		var s, replaced *Session
		s, replaced, err = b.Open(ref(), model.Generation(number(2)), number(3), now)
		switch {
		case replaced != nil:
			return fmt.Sprintf("replaces %d, whose %d players are to be told", replaced.Generation(), replaced.Seats())
		case s == nil && err == nil:
			return "is here"
		}
	case "opened":
		b.Opened(b.Session(ref()), len(words) > 2)
	case "freeze":
		var last *Copy
		if _, last, err = b.Freeze(ref(), model.Generation(number(2)), now); last != nil {
			copies = append(copies, *last)
		}
	case "frozen":
		var failed error
		if words[3] == "failed" {
			failed = errors.New("it goes on")
		}
		var last *Copy
		if last, err = b.Frozen(b.Session(ref()), model.Generation(number(2)), []byte(words[3]), failed, now); last != nil {
			copies = append(copies, *last)
		}
	case "resume":
		if b.Resume(ref(), model.Generation(number(2)), now) == nil {
			return "nobody is to be told"
		}
	case "copy":
		b.Copy(b.Session(ref()), []byte(words[2]))
	case "copies":
		copies = b.Copies(nil)
	default:
		t.Fatalf("no such call: %s", words[0])
	}
	if err != nil {
		return err.Error()
	}
	return tellCopies(copies)
}

func tellCopies(copies []Copy) string {
	out := "ok"
	for _, c := range copies {
		out += fmt.Sprintf(", %s@%d copy %d %q", c.Session.Key, c.Generation, c.Version, c.State)
		if c.Final {
			out += " the last"
		}
	}
	return out
}

func tell(report Report) string {
	var parts []string
	for _, r := range report.Sessions {
		var seats []string
		for _, s := range r.Claimed {
			seats = append(seats, fmt.Sprintf("%s=%d", s.Player, s.ID))
		}
		slices.Sort(r.Released)
		text := fmt.Sprintf("%s@%d %v of %d", r.Session.Key, r.Generation, seats, r.Capacity)
		if len(r.Released) > 0 {
			text += fmt.Sprintf(" released %v", r.Released)
		}
		if r.Frozen {
			text += " frozen"
		}
		parts = append(parts, text)
	}
	for _, r := range report.Ended {
		parts = append(parts, fmt.Sprintf("%s@%d ended", r.Session.Key, r.Generation))
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
		b, now := New(), time.Unix(1000, 0)
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
			s, how, err := b.Claim(&shown, now)
			if err == nil && dead[shown.Seat] {
				t.Fatalf("seat %d was released and opened again", shown.Seat)
			}
			if err == nil {
				if who, ok := s.Player(shown.Seat); !ok || who != shown.Player {
					t.Fatalf("the ticket for seat %d did not give it to %s", shown.Seat, shown.Player)
				}
			}
			if how.Replaced != 0 {
				dead[how.Replaced] = true
			}
			switch rapid.IntRange(0, 6).Draw(t, "then") {
			case 0:
				b.Release(shown.Session, shown.Seat, now)
				dead[shown.Seat] = true
			case 1:
				if s := b.Session(shown.Session); s != nil && s.gen <= shown.Generation {
					bury(dead, s)
				}
				b.Close(shown.Session, shown.Generation, now)
				dead[shown.Seat] = dead[shown.Seat] || b.Session(shown.Session) == nil
			case 2:
				if s := b.Session(shown.Session); s != nil {
					bury(dead, s)
					b.End(s, now)
				}
			}
			checkBook(t, b)
		}
	})
}

func bury(dead map[model.SeatID]bool, s *Session) {
	for _, x := range s.seats {
		dead[x.id] = true
	}
}

func checkBook(t *rapid.T, b *Book) {
	total := 0
	for ref, s := range b.sessions {
		total += len(s.seats)
		if len(s.seats) > s.capacity {
			t.Fatalf("%v has %d seats of %d", ref, len(s.seats), s.capacity)
		}
		players := map[model.PlayerID]bool{}
		for _, x := range s.seats {
			players[x.player] = true
		}
		if len(players) != len(s.seats) {
			t.Fatalf("%v: %d players on %d seats", ref, len(players), len(s.seats))
		}
		if !slices.IsSortedFunc(s.seats, func(a, b seat) int { return cmp.Compare(a.id, b.id) }) {
			t.Fatalf("%v: its seats are out of order: %v", ref, s.seats)
		}
	}
	if len(b.list) != len(b.sessions) {
		t.Fatalf("%d sessions, %d in their order", len(b.sessions), len(b.list))
	}
	if total != b.seats || total > b.seatLimit || len(b.sessions) > b.sessionLimit {
		t.Fatalf("%d seats (counted %d) in %d sessions", total, b.seats, len(b.sessions))
	}
}

// TestFrozenAndForgotten: a session that nobody comes back to is noticed once no hand-over can be under way any more.
func TestFrozenAndForgotten(t *testing.T) {
	b, now := New(), time.Unix(1000, 0)
	s := b.add(model.SessionRef{Route: "plaza", Key: "lounge"}, 3, 2)
	if _, err := b.Frozen(s, 3, nil, nil, now); err != nil {
		t.Fatal(err)
	}
	if b.Forgotten(now.Add(frozenMax - time.Second)) {
		t.Error("a hand-over may be under way")
	}
	if !b.Forgotten(now.Add(frozenMax)) {
		t.Error("it stays frozen for ever")
	}
	s.frozen = nil
	if b.Forgotten(now.Add(frozenMax)) {
		t.Error("it goes on, and counts as forgotten")
	}
}
