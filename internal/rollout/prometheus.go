package rollout

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
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// QueryPrometheus asks a Prometheus server, or one that speaks its HTTP API, for one number. Anything else is an error: no
// answer, an error, an empty one, several series.
func QueryPrometheus(client *http.Client) func(ctx context.Context, server, query string) (float64, error) {
	return func(ctx context.Context, server, query string) (float64, error) {
		at := strings.TrimSuffix(server, "/") + "/api/v1/query"
		body := url.Values{"query": {query}}.Encode()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(body))
		if err != nil {
			return 0, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := client.Do(r)
		if err != nil {
			var why *url.Error
			if errors.As(err, &why) && why.Timeout() {
				return 0, fmt.Errorf("%s did not answer within %s", server, queryTime)
			}
			return 0, fmt.Errorf("%s cannot be reached: %w", server, root(err))
		}
		defer answer.Body.Close()
		data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
		if err != nil {
			return 0, fmt.Errorf("read the answer of %s: %w", server, err)
		}
		v, err := parsePrometheus(data)
		if err != nil && answer.StatusCode != http.StatusOK {
			return 0, fmt.Errorf("%s answered %s: %w", server, answer.Status, err)
		}
		return v, err
	}
}

// root is what went wrong on the way to a server, without the way: "no such host", "connect: connection refused".
func root(err error) error {
	var way *url.Error
	if errors.As(err, &way) {
		err = way.Err
	}
	var dial *net.OpError
	if errors.As(err, &dial) {
		err = dial.Err
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return errors.New(name.Err)
	}
	return err
}

// parsePrometheus reads one number of an answer of /api/v1/query: a scalar, or a vector of one series.
func parsePrometheus(data []byte) (float64, error) {
	var answer struct {
		Status, Error string
		Data          struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return 0, errors.New("the answer is not Prometheus' JSON")
	}
	if answer.Status != "success" {
		return 0, fmt.Errorf("the query failed: %s", strings.Join(strings.Fields(answer.Error), " "))
	}
	var value [2]json.RawMessage
	switch answer.Data.ResultType {
	case "scalar":
		if err := json.Unmarshal(answer.Data.Result, &value); err != nil {
			return 0, errors.New("the answer is not Prometheus' JSON")
		}
	case "vector":
		var series []struct{ Value [2]json.RawMessage }
		if err := json.Unmarshal(answer.Data.Result, &series); err != nil {
			return 0, errors.New("the answer is not Prometheus' JSON")
		}
		switch len(series) {
		case 0:
			return 0, errors.New("the answer is empty")
		case 1:
			value = series[0].Value
		default:
			return 0, fmt.Errorf("the answer has %d series; sum them, or choose one", len(series))
		}
	default:
		return 0, fmt.Errorf("the answer is a %s, not a number", answer.Data.ResultType)
	}
	var text string
	if err := json.Unmarshal(value[1], &text); err != nil {
		return 0, errors.New("the answer is not Prometheus' JSON")
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("the answer %q is not a number", text)
	}
	return v, nil
}
