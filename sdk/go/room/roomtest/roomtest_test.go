package roomtest_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"greenroom.dev/greenroom/sdk/go/room"
	"greenroom.dev/greenroom/sdk/go/room/roomtest"
)

// clicks is the game of package room's comment.
type clicks struct{ room.Base }

func (clicks) Event(r *room.Room, _ room.Member, e *room.Event) error {
	if e.Name != "click" {
		return errors.New("this room only counts clicks")
	}
	s, _ := r.State("clicks")
	n, _ := strconv.Atoi(string(s.Value))
	return r.SetState("clicks", []byte(strconv.Itoa(n+1)))
}

func TestStory(t *testing.T) {
	r := roomtest.New(t, func(room.Session) room.Logic { return clicks{} })
	ann, bob := r.Enter("ann"), r.Enter("bob")
	ann.SendEvent("click", "")
	bob.SendEvent("clap", "")
	bob.SetState(room.State{Key: "clicks", Value: []byte("99"), Kept: true})
	r.Step()
	r.HandOver()
	bob.SendEvent("click", "")
	r.Advance(100 * time.Millisecond)
	ann.Leave()
	r.Step()
	r.Wants(`
		0.05 ann joined bob
		0.10 ann state clicks: 1
		0.10 ann event click
		0.10 bob refused: this room only counts clicks
		0.10 bob refused: clicks is the room's
		0.10 bob state clicks: 1
		0.10 bob event click
		0.25 ann state clicks: 2
		0.25 ann event click
		0.25 bob state clicks: 2
		0.25 bob event click
		0.35 bob left ann`)
}
