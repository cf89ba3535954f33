package room_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"greenroom.dev/greenroom/sdk/go/client"
	"greenroom.dev/greenroom/sdk/go/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers every event with a signal, and lets no Eves in.
type echo struct{ room.Base }

func (echo) Join(_ *room.Room, m room.Member) error {
	if m.Player == "eve" {
		return &room.CloseWith{Code: room.FirstStopCode + 1, Reason: "no Eves"}
	}
	return nil
}

func (echo) Event(r *room.Room, from room.Member, e *room.Event) error {
	if e.Name == "bad" {
		return errors.New("that is bad")
	}
	return r.SendSignal(from.ID, "echo", e.Payload)
}

// A game on real doors, joined by the ordinary client.
func TestRunAlone(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	api := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- room.RunAlone(ctx, room.Options{
			New: func(room.Session) room.Logic { return echo{} }, Logger: slog.New(slog.DiscardHandler),
		}, room.Alone{Listen: "127.0.0.1:0", Ready: func(url string, _ map[string]string) { api <- url }})
	}()
	c := client.New(client.Config{URL: <-api})
	signals, refused := make(chan string, 1), make(chan string, 1)
	ann, err := c.JoinRoom(ctx, "play", "one", "ann", client.Options{Handler: client.Handler{
		Signal: func(s client.Signal) { signals <- string(s.Payload) },
		Reject: func(r client.Rejection) { refused <- r.Sentence },
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = ann.SendEvent("shout", []byte("hello"))
	_, _ = ann.SendEvent("bad", nil)
	if got := <-signals; got != "hello" {
		t.Errorf("echo is %q", got)
	}
	if got := <-refused; got != "that is bad" {
		t.Errorf("refused with %q", got)
	}
	_, err = c.JoinRoom(ctx, "play", "one", "eve", client.Options{})
	var closed *client.ClosedError
	if !errors.As(err, &closed) || closed.Code != 4151 || closed.Reason != "no Eves" {
		t.Errorf("eve joins: %v", err)
	}
	ann.Leave()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
