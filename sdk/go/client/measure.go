package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/echo"
)

// MeasureOptions say how regions are measured. The zero value is of use.
type MeasureOptions struct {
	// Probes are the round trips that are timed for each echo, one after the other; 0: 5.
	Probes int
	// Timeout is how long each is waited for; 0: 1 s. An echo whose first two are lost is given up.
	Timeout time.Duration
}

// Measured is how far one region is.
type Measured struct {
	Region string
	RTT    time.Duration // the shortest round trip to the nearest of its echoes
	Echo   string        // that echo
	Err    error         // nothing answered; RTT is 0 then
}

// Measure times the way to each region's echoes, all at once, and answers in the regions' order. The shortest of several
// round trips counts: whatever makes one longer is not distance.
func Measure(ctx context.Context, regions []*greenroomv1.Region, o MeasureOptions) []Measured {
	if o.Probes <= 0 {
		o.Probes = 5
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	out := make([]Measured, len(regions))
	var all sync.WaitGroup
	for i, r := range regions {
		all.Go(func() { out[i] = measureRegion(ctx, r, o) })
	}
	all.Wait()
	return out
}

// Measure times the way to each region that a route leads to; "" for all routes. The token needs the scope "join".
func (c *Client) Measure(ctx context.Context, route string, o MeasureOptions) ([]Measured, error) {
	regions, err := c.routes.ListRegions(ctx, &greenroomv1.ListRegionsRequest{Route: route})
	if err != nil {
		return nil, fmt.Errorf("list the regions of %s: %w", route, err)
	}
	return Measure(ctx, regions.GetRegions(), o), nil
}

// Latencies are the measured ones, as JoinRequest.latencies takes them.
func Latencies(measured []Measured) map[string]time.Duration {
	out := make(map[string]time.Duration, len(measured))
	for _, m := range measured {
		if m.Err == nil {
			out[m.Region] = m.RTT
		}
	}
	return out
}

func measureRegion(ctx context.Context, r *greenroomv1.Region, o MeasureOptions) Measured {
	out := Measured{Region: r.GetName(), Err: fmt.Errorf("region %s has nothing that answers", r.GetName())}
	each := make([]Measured, len(r.GetEcho()))
	var all sync.WaitGroup
	for i, at := range r.GetEcho() {
		all.Go(func() {
			rtt, err := measureEcho(ctx, at, o)
			each[i] = Measured{Region: r.GetName(), RTT: rtt, Echo: at, Err: err}
		})
	}
	all.Wait()
	for i, m := range each {
		if i == 0 || m.Err == nil && (out.Err != nil || m.RTT < out.RTT) {
			out = m
		}
	}
	return out
}

func measureEcho(ctx context.Context, at string, o MeasureOptions) (time.Duration, error) {
	u, err := url.Parse(at)
	if err != nil {
		return 0, fmt.Errorf("echo %q is no URL", at)
	}
	switch u.Scheme {
	case "udp":
		return measureUDP(ctx, u.Host, o)
	case "http", "https":
		return measureHTTP(ctx, at, o)
	}
	return 0, fmt.Errorf("echo %s: its scheme is none of udp, http and https", at)
}

// shortest times round trips one after the other.
func shortest(ctx context.Context, o MeasureOptions, probe func(context.Context) error) (best time.Duration, err error) {
	for i := 0; i < o.Probes && ctx.Err() == nil; i++ {
		bounded, cancel := context.WithTimeout(ctx, o.Timeout)
		began := time.Now()
		failed := probe(bounded)
		took := time.Since(began)
		cancel()
		switch {
		case failed != nil:
			err = failed
			if i == 1 && best == 0 {
				return 0, err
			}
		case best == 0 || took < best:
			best = max(took, 1)
		}
	}
	if best > 0 {
		return best, nil
	}
	if err == nil {
		err = ctx.Err()
	}
	return 0, err
}

func measureUDP(ctx context.Context, at string, o MeasureOptions) (time.Duration, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", at)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	answer := make([]byte, echo.Size+1)
	return shortest(ctx, o, func(ctx context.Context) error {
		var nonce echo.Nonce
		rand.Read(nonce[:]) // never fails: see crypto/rand
		if deadline, ok := ctx.Deadline(); ok {
			if err := conn.SetDeadline(deadline); err != nil {
				return err
			}
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
		defer stop()
		if _, err := conn.Write(echo.Question(nonce)); err != nil {
			return err
		}
		for {
			n, err := conn.Read(answer)
			if err != nil {
				return fmt.Errorf("echo %s: %w", at, err)
			}
			if echo.Answers(answer[:n], nonce) { // else it answers an earlier one
				return nil
			}
		}
	})
}

// measureHTTP asks over one connection, which a first question that is not timed makes.
func measureHTTP(ctx context.Context, at string, o MeasureOptions) (time.Duration, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxConnsPerHost: 1, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	ask := func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			return err
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			return fmt.Errorf("echo %s: %w", at, err)
		}
		defer response.Body.Close()
		if response.StatusCode < 200 || response.StatusCode > 299 {
			return fmt.Errorf("echo %s: HTTP %d", at, response.StatusCode)
		}
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 4096))
		return err
	}
	warm, cancel := context.WithTimeout(ctx, 3*o.Timeout) // names, TCP and TLS: several round trips
	defer cancel()
	if err := ask(warm); err != nil {
		return 0, err
	}
	return shortest(ctx, o, ask)
}
