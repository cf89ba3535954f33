package mqtt

import (
	"bufio"
	"context"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// mosquitto makes a command of mosquitto's programs as a player of the room.
func mosquitto(t *testing.T, addr, program, player string, args ...string) *exec.Cmd {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, program, append([]string{"-h", host, "-p", port, "-u", player, "-P", player, "-i", player}, args...)...)
}

// lines are those that a command prints until it ends.
func lines(t *testing.T, cmd *exec.Cmd) []string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// The stock programs: a session that is kept, its messages of QoS 2, their properties, a will, positions and a share.
func TestMosquitto(t *testing.T) {
	w := newWorld(t, model.RoomSettings{ResumeWindow: 30 * time.Second})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.door.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		<-served
	})
	addr := l.Addr().String()
	pub := func(args ...string) {
		t.Helper()
		if out := lines(t, mosquitto(t, addr, "mosquitto_pub", "pub", args...)); len(out[0]) > 0 {
			t.Errorf("mosquitto_pub says %q", out)
		}
	}
	for _, session := range [][]string{{"-V", "mqttv311", "-c"}, {"-V", "mqttv5", "-c", "-x", "30"}} {
		player := "sub-" + session[1]
		sub := append(session, "-q", "2", "-t", "r/k/e/+", "-t", "r/k/pos/pub", "-F", "%q %t %p")
		first := mosquitto(t, addr, "mosquitto_sub", player, append(sub, "-C", "1")...)
		out, err := first.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Start(); err != nil {
			t.Fatal(err)
		}
		pub("-V", "mqttv5", "-q", "1", "-t", "r/k/pos/pub", "-m", `{"x":1.5}`)
		read := bufio.NewScanner(out)
		if read.Scan(); read.Text() != `0 r/k/pos/pub {"x":1.5,"y":0,"z":0,"yaw":0}` {
			t.Errorf("%s: %q", player, read.Text())
		}
		_ = first.Wait()
		for _, text := range []string{"one", "two", "three"} {
			pub("-V", "mqttv5", "-q", "2", "-t", "r/k/e/text", "-m", text, "-D", "publish", "user-property", "from", "far")
		}
		got := lines(t, mosquitto(t, addr, "mosquitto_sub", player, append(sub, "-C", "4")...))
		slices.SortStableFunc(got, func(a, b string) int { return int(b[0]) - int(a[0]) }) // QoS 2 takes longer than 0
		want(t, player, got, []string{
			"2 r/k/e/text one", "2 r/k/e/text two", "2 r/k/e/text three", `0 r/k/pos/pub {"x":1.5,"y":0,"z":0,"yaw":0}`,
		})
	}

	watch := mosquitto(t, addr, "mosquitto_sub", "watch", "-V", "mqttv5", "-q", "1", "-t", "$share/all/r/k/e/#", "-F", "%t %p %P")
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	heard := make(chan string)
	go func() {
		defer close(heard)
		for read := bufio.NewScanner(out); read.Scan(); {
			heard <- read.Text()
		}
	}()
	for ready := false; !ready; { // a published event is nobody's before the subscription
		pub("-V", "mqttv5", "-t", "r/k/e/ready", "-n")
		select {
		case <-heard:
			ready = true
		default:
		}
	}
	doomed := mosquitto(t, addr, "mosquitto_sub", "doomed", "-V", "mqttv5", "-t", "r/k/p/doomed",
		"--will-topic", "r/k/e/will", "--will-payload", "gone", "--will-qos", "1", "-D", "will", "user-property", "cause", "killed", "-F", "%p")
	alive, err := doomed.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := doomed.Start(); err != nil {
		t.Fatal(err)
	}
	bufio.NewScanner(alive).Scan() // it is in
	_ = doomed.Process.Kill()
	_ = doomed.Wait()
	for text := range heard {
		if strings.HasPrefix(text, "r/k/e/ready") {
			continue
		}
		want(t, "the will", text, "r/k/e/will gone cause:killed")
		_ = watch.Process.Kill()
	}
	_ = watch.Wait()
}
