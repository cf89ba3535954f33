package static

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

const (
	maxSaid   = 64 << 10 // bytes that are read of an HTTP answer
	maxReason = 256      // bytes of a reason that are kept
	maxCount  = 1_000_000
)

// look is one look at a server.
func look(ctx context.Context, p model.Probe, at []model.Endpoint) Answer {
	address, err := address(p, at)
	if err != nil {
		return Answer{Err: err}
	}
	switch p.Kind {
	case model.ProbeUDP:
		return Answer{Err: plain(lookUDP(ctx, address, p.Payload))}
	case model.ProbeHTTP:
		says, err := lookHTTP(ctx, address, p.Path)
		return Answer{Err: plain(err), Says: says}
	default:
		return Answer{Err: plain(lookTCP(ctx, address))}
	}
}

// address is where a probe looks: at the host of the server's first endpoint that fits, and at its port or the probe's own.
func address(p model.Probe, at []model.Endpoint) (string, error) {
	fits := at
	switch {
	case p.Port != 0 && len(at) > 0:
		fits = at[:1]
	case p.Kind == model.ProbeUDP:
		fits = udpEndpoints(at)
	default:
		fits = tcpEndpoints(at)
	}
	if len(fits) == 0 {
		return "", errors.New("no endpoint that this kind of probe could ask")
	}
	h, port, err := split(fits[0])
	if err != nil {
		return "", err
	}
	if p.Port != 0 {
		port = strconv.Itoa(p.Port)
	}
	return net.JoinHostPort(h, port), nil
}

func lookTCP(ctx context.Context, address string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// lookUDP sends a datagram and waits for any answer.
func lookUDP(ctx context.Context, address string, payload []byte) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if len(payload) == 0 {
		payload = []byte{0}
	}
	if _, err := conn.Write(payload); err != nil {
		return err
	}
	if _, err = conn.Read(make([]byte, 2048)); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// lookHTTP asks by GET, over a connection of its own: whether new ones are taken is the question.
func lookHTTP(ctx context.Context, address, path string) (*Says, error) {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: nil},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxSaid))
	if err != nil {
		return nil, err
	}
	return parseSays(body), nil
}

// plain makes an error's text one that two looks share: without this machine's own port in it.
func plain(err error) error {
	var op *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return errors.New("no answer in time")
	case errors.As(err, &op):
		return op.Err
	}
	return err
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// Says is what a server says of itself in an HTTP probe's answer.
type Says struct {
	Sessions, Players int // -1: not said
	Capacity          model.Capacity
	Draining          bool
	LeavingAt         time.Time
	Reason            string
}

// parseSays reads an HTTP probe's answer; nil if it is no JSON object. What is out of bounds in it was not said.
func parseSays(body []byte) *Says {
	var said struct {
		Sessions *int `json:"sessions"`
		Players  *int `json:"players"`
		Capacity struct {
			Sessions        int `json:"sessions"`
			SeatsPerSession int `json:"seats_per_session"`
			Seats           int `json:"seats"`
		} `json:"capacity"`
		Draining  bool      `json:"draining"`
		LeavingAt time.Time `json:"leaving_at"`
		Reason    string    `json:"reason"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return nil
	}
	bounded := func(n *int) int {
		if n == nil || *n < 0 || *n > maxCount {
			return -1
		}
		return *n
	}
	positive := func(n int) int { return max(0, bounded(&n)) }
	out := &Says{
		Sessions: bounded(said.Sessions), Players: bounded(said.Players), Draining: said.Draining, LeavingAt: said.LeavingAt,
		Capacity: model.Capacity{
			Sessions: positive(said.Capacity.Sessions), SeatsPerSession: positive(said.Capacity.SeatsPerSession),
			Seats: positive(said.Capacity.Seats),
		},
		Reason: strings.ToValidUTF8(said.Reason[:min(maxReason, len(said.Reason))], ""),
	}
	if out.Reason == "" {
		out.Reason = "said by the server itself"
	}
	return out
}
