package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/sdk/go/client"
)

// TestOneRoomManyDoors: mosquitto_sub, MQTT.js in Chromium, the JavaScript client, and the Go client on UDP and on WebSocket are
// in one room, and each hears of all who speak: that they are there, what they wear, where they stand and that they wave.
func TestOneRoomManyDoors(t *testing.T) {
	beside(t)
	p := startPlane(t, "--demo", "--bots", "0")
	p.waitOpen(1)
	heard := newHeardBy()
	pub := p.seat("mosquitto")

	p.mosquittoSub(heard)
	ws := p.visitor(heard, "go-ws", "ws")
	udp := p.visitor(heard, "go-udp", "udp")
	script := p.scriptVisitors(heard)

	script.say("go")
	for i, v := range []*client.Room{ws, udp} {
		who := v.Player()
		if _, err := v.SetState("hat/"+who, []byte(who), wire.Retain|wire.Owned); err != nil {
			t.Fatal(err)
		}
		if _, err := v.SendEvent("wave", []byte(who)); err != nil {
			t.Fatal(err)
		}
		if err := v.Move(client.Position{X: float64(i + 1), Y: -float64(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	pub.publish(t, "s/hat/mosquitto", "mosquitto", "-r")
	pub.publish(t, "e/wave", "mosquitto")
	pub.publish(t, "pos/mosquitto", `{"x":5,"y":-5}`)

	for _, listener := range []string{"mosquitto_sub", "go-ws", "go-udp", "js", "page"} {
		for i, speaker := range []string{"go-ws", "go-udp", "js", "page", "mosquitto"} {
			for _, what := range []string{
				"member " + speaker,
				fmt.Sprintf("state hat/%s %s", speaker, speaker),
				"event wave " + speaker,
				fmt.Sprintf("position %s %d -%d", speaker, i+1, i+1),
			} {
				heard.wait(t, listener, what)
			}
		}
	}
}

// heardBy is what each visitor heard.
type heardBy struct {
	mu   sync.Mutex
	what map[string]bool
	more chan struct{} // closed and made anew with each
}

func newHeardBy() *heardBy { return &heardBy{what: map[string]bool{}, more: make(chan struct{})} }

func (h *heardBy) add(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.what[line] = true
	close(h.more)
	h.more = make(chan struct{})
}

func (h *heardBy) wait(t *testing.T, who, what string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		h.mu.Lock()
		there, more := h.what[who+" "+what], h.more
		h.mu.Unlock()
		if there {
			return
		}
		select {
		case <-more:
		case <-deadline:
			t.Errorf("%s never heard %q", who, what)
			return
		}
	}
}

// testSeat is a player's seat in the room of this test.
type testSeat struct {
	*greenroomv1.JoinResponse
	player string
}

const testKey = "doors"

func (p *testPlane) seat(player string) testSeat {
	p.t.Helper()
	joined, err := p.client().Join(p.t.Context(), "plaza", testKey, player)
	if err != nil {
		p.t.Fatal(err)
	}
	return testSeat{joined, player}
}

func (p *testPlane) client() *client.Client {
	p.t.Helper()
	token, err := os.ReadFile(p.dir + "/admin.token")
	if err != nil {
		p.t.Fatal(err)
	}
	return client.New(client.Config{URL: p.url(), Token: strings.TrimSpace(string(token))})
}

// url answers the address of one of the server's doors.
func (s testSeat) url(t *testing.T, endpoint string) string {
	t.Helper()
	for _, e := range s.GetEndpoints() {
		if e.GetName() == endpoint {
			return e.GetUrl()
		}
	}
	t.Fatalf("the server has no endpoint %s: %v", endpoint, s.GetEndpoints())
	return ""
}

// mosquitto makes the arguments that both of its programs understand.
func (s testSeat) mosquitto(t *testing.T) []string {
	url := strings.TrimPrefix(s.url(t, "mqtt"), "mqtt://")
	host, port, _ := strings.Cut(url, ":")
	return []string{"-V", "mqttv5", "-h", host, "-p", port, "-u", s.player, "-P", s.GetTickets()[0].GetTicket()}
}

func (s testSeat) publish(t *testing.T, topic, message string, args ...string) {
	t.Helper()
	args = append(s.mosquitto(t), append(args, "-x", "10", "-q", "1", "-t", "r/"+testKey+"/"+topic, "-m", message)...)
	if out, err := exec.Command("mosquitto_pub", args...).CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_pub %s: %v\n%s", topic, err, out)
	}
}

// mosquittoSub listens with the stock program.
func (p *testPlane) mosquittoSub(h *heardBy) {
	t := p.t
	cmd := exec.Command("mosquitto_sub", append(p.seat("listener").mosquitto(t), "-t", "r/"+testKey+"/#", "-v")...)
	lines, err := linesOf(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	go func() {
		for line := range lines {
			if what, ok := said(line); ok {
				h.add("mosquitto_sub " + what)
			}
		}
	}()
}

// said gives a line of mosquitto_sub -v the form in which the others say the same.
func said(line string) (string, bool) {
	topic, payload, _ := strings.Cut(line, " ")
	rest := strings.TrimPrefix(topic, "r/"+testKey+"/")
	kind, name, _ := strings.Cut(rest, "/")
	switch kind {
	case "p":
		return "member " + name, true
	case "s":
		return "state " + name + " " + payload, true
	case "e":
		return "event " + name + " " + payload, true
	case "pos":
		var at struct{ X, Y float64 }
		if json.Unmarshal([]byte(payload), &at) != nil {
			return "", false
		}
		return fmt.Sprintf("position %s %g %g", name, at.X, at.Y), true
	}
	return "", false
}

// visitor is the Go client, by the door of the endpoint.
func (p *testPlane) visitor(h *heardBy, player, endpoint string) *client.Room {
	t := p.t
	t.Helper()
	s := p.seat(player)
	place, err := client.PlaceOf(s.JoinResponse, endpoint, player)
	if err != nil {
		t.Fatal(err)
	}
	names := map[uint64]string{} // the handler's calls do not overlap
	tell := func(format string, args ...any) { h.add(player + " " + fmt.Sprintf(format, args...)) }
	room, err := client.Enter(t.Context(), place, client.Options{Handler: client.Handler{
		Member: func(member uint64, player string, present bool) {
			names[member] = player
			tell("member %s", player)
		},
		State:    func(s client.StateChange) { tell("state %s %s", s.Key, s.Value) },
		Event:    func(e client.Event) { tell("event %s %s", e.Name, e.Payload) },
		Position: func(p client.MemberPosition) { tell("position %s %g %g", names[p.Member], p.X, p.Y) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(room.Leave)
	return room
}

// scriptVisitors are the JavaScript ones.
type scriptVisitors struct {
	t  *testing.T
	in io.WriteCloser
}

func (v scriptVisitors) say(line string) {
	v.t.Helper()
	if _, err := io.WriteString(v.in, line+"\n"); err != nil {
		v.t.Fatal(err)
	}
}

// scriptVisitors starts sdk/js/test/visitors.ts and waits until both are in.
func (p *testPlane) scriptVisitors(h *heardBy) scriptVisitors {
	t := p.t
	t.Helper()
	const folder = "../../sdk/js"
	if err := os.MkdirAll(folder+"/.build", 0o755); err != nil {
		t.Fatal(err)
	}
	built, err := os.MkdirTemp(folder+"/.build", "visitors-") // within the package, whose modules it imports
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(built) })
	if built, err = filepath.Abs(built); err != nil {
		t.Fatal(err)
	}
	compile := exec.Command("npx", "tsc", "--outDir", built)
	compile.Dir = folder
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("compile the JavaScript visitors: %v\n%s", err, out)
	}
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "node", built+"/test/visitors.js")
	cmd.Dir = folder
	cmd.Stderr = &lockedBuffer{}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the JavaScript visitors said:\n%s", cmd.Stderr)
		}
	})
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			h.add(lines.Text())
		}
	}()
	js, page := p.seat("js"), p.seat("page")
	places, err := json.Marshal(map[string]map[string]string{
		"js":   {"url": js.url(t, "ws"), "ticket": js.GetTickets()[0].GetTicket(), "player": "js"},
		"page": {"url": page.url(t, "mqtt_ws"), "ticket": page.GetTickets()[0].GetTicket(), "player": "page", "key": testKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := scriptVisitors{t, in}
	v.say(string(places))
	h.wait(t, "both", "entered")
	return v
}
