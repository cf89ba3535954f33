package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"

	paho3 "github.com/eclipse/paho.mqtt.golang"
)

// listener is a member that writes down what it hears of the stage.
type listener struct {
	*wsClient
	key   string
	heard []string // name=payload
	last  uint64   // serial
}

// listens seats a player in a session of a route and takes it in.
func (c *linked) listens(route model.RouteName, key string, player model.PlayerID) *listener {
	c.t.Helper()
	client, _ := c.enter(route, key, player)
	return &listener{wsClient: client, key: string(route) + "/" + key}
}

// hears reads up to a message of that name, and holds everything heard so far against want.
func (l *listener) hears(name string, want ...string) {
	l.t.Helper()
	for ended := false; !ended; {
		r := until[wire.Staged](l.wsClient, nil)
		l.heard = append(l.heard, fmt.Sprintf("%s=%s", r.Name, r.Payload))
		ended = r.Name == name
		if r.Serial <= l.last && len(r.Payload) > 0 {
			l.t.Errorf("%s: serial %d after %d", l.key, r.Serial, l.last)
		}
		l.last = r.Serial
	}
	if got := strings.Join(l.heard, " "); got != strings.Join(want, " ") {
		l.t.Errorf("%s heard %s, want %s", l.key, got, strings.Join(want, " "))
	}
	l.heard = nil
}

func (c *linked) say(route model.RouteName, space, name, payload string, retain bool) (uint64, model.StageReach) {
	c.t.Helper()
	serial, reach, err := c.Publish(c.t.Context(), model.StageMessage{
		Route: route, Space: space, Name: name, Payload: []byte(payload), Retain: retain,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return serial, reach
}

// Every member of every room of the space hears a message once, nobody else does; late joiners are shown what is
// retained, in rooms of later too, and after a restart of the control plane.
func TestStageOverTheLink(t *testing.T) {
	c := newLinked(t)
	c.serve("rooms-1")
	c.serve("rooms-2")
	var inside, outside, elsewhere []*listener
	for i := range 2 {
		player := func(room string) model.PlayerID { return model.PlayerID(fmt.Sprintf("%s-%d", room, i)) }
		for _, key := range []string{"concert", "concert:1", "concert:2"} {
			inside = append(inside, c.listens("plaza", key, player(key)))
		}
		for _, key := range []string{"concerto", "lobby"} {
			outside = append(outside, c.listens("plaza", key, player(key)))
		}
		elsewhere = append(elsewhere, c.listens("voice", "concert:1", player("voice")))
	}
	c.eventually("both servers' rooms are known", func() bool {
		_, reach := c.say("plaza", "", "ping", "", false)
		return reach == model.StageReach{Servers: 2, Rooms: 5}
	})
	c.say("plaza", "", "start", "1", false)
	c.say("voice", "", "start", "1", false)
	for _, l := range slices.Concat(inside, outside, elsewhere) {
		until(l.wsClient, func(r wire.Staged) bool { return r.Name == "start" })
	}

	c.say("plaza", "concert", "light", "red", true)
	c.say("plaza", "concert", "clap", "!", false)
	c.say("plaza", "", "news", "hi", true)
	c.say("voice", "", "end", "1", true)
	serial, _ := c.say("plaza", "", "end", "1", true)
	for _, l := range inside {
		l.hears("end", "light=red", "clap=!", "news=hi", "end=1")
	}
	for _, l := range outside {
		l.hears("end", "news=hi", "end=1")
	}
	for _, l := range elsewhere {
		l.hears("end", "end=1")
	}
	c.listens("plaza", "concert:1", "late").hears("end", "light=red", "news=hi", "end=1")
	c.say("plaza", "concert", "light", "", true)
	c.listens("plaza", "lobby", "late").hears("end", "news=hi", "end=1")
	for _, l := range inside {
		l.hears("light", "light=")
	}

	c.stop()
	if err := c.store.ReplaceStaged(t.Context(), nil, []model.StageMessage{{Route: "plaza", Name: "song", Serial: serial + 9, Payload: []byte("aria"), Retain: true}}); err != nil {
		t.Fatal(err) // published while the servers were away
	}
	c.open()
	for _, l := range slices.Concat(inside, outside) {
		l.hears("song", "song=aria")
	}
	again, _ := c.say("plaza", "", "end", "2", true)
	if again <= serial+9 {
		t.Errorf("serial %d after %d", again, serial+9)
	}
	for _, l := range slices.Concat(inside, outside) {
		l.hears("end", "end=2")
	}
	c.listens("plaza", "concert:2", "late").hears("end", "news=hi", "song=aria", "end=2")
}

// MQTT members hear the stage on topics of its own.
func TestStageOverMQTT(t *testing.T) {
	c := newLinked(t)
	c.serve("rooms-1")
	heard := make(chan string, 16)
	member := func(key string, player model.PlayerID) {
		t.Helper()
		at, ticket := c.seat("plaza", key, player)
		client := paho3.NewClient(paho3.NewClientOptions().AddBroker("tcp://" + at.Addr("mqtt").String()).
			SetUsername(string(player)).SetPassword(ticket).SetClientID(string(player)).SetAutoReconnect(false))
		wait3(t, client.Connect())
		t.Cleanup(func() { client.Disconnect(0) })
		wait3(t, client.Subscribe("stage/#", 1, func(_ paho3.Client, m paho3.Message) {
			heard <- fmt.Sprintf("%s %s=%s %v", player, m.Topic(), m.Payload(), m.Retained())
		}))
	}
	hear := func(want ...string) {
		t.Helper()
		got := []string{}
		for range want {
			got = append(got, <-heard)
		}
		slices.Sort(got)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("heard %q, want %q", got, want)
		}
	}
	member("concert:1", "ann")
	member("lobby", "bob")
	c.eventually("both rooms are known", func() bool {
		_, reach := c.say("plaza", "", "ping", "", false)
		return reach.Rooms == 2
	})
	c.say("plaza", "", "start", "1", false)
	for started := 0; started < 2; {
		if strings.Contains(<-heard, "start") {
			started++
		}
	}
	c.say("plaza", "", "light", "red", true)
	hear("ann stage/light=red false", "bob stage/light=red false")
	c.say("plaza", "concert", "clap", "!", false)
	hear("ann stage/clap=! false")
	member("lobby", "eve")
	hear("eve stage/light=red true")
}
