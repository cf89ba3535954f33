package autoscaler

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"connectrpc.com/connect/v2"
)

// trigger is what a KEDA trigger's metadata asks for.
type trigger struct {
	kind, name string // "fleet" or "route", and which
	number     number
	target     float64 // of the number, for one replica
	activation float64 // above it the target has a replica at all
	token      string
}

// kedaKeys are read by KEDA itself, which passes them on.
var kedaKeys = []string{"scalerAddress", "enableTLS", "unsafeSsl", "caCert", "tlsCertFile", "tlsClientCert", "tlsClientKey"}

// maxTarget bounds target and activation, so that whole numbers made of them fit.
const maxTarget = 1e12

// parseTrigger reads a trigger's metadata. Errors name the field.
func parseTrigger(metadata map[string]string) (trigger, error) {
	t := trigger{target: 1}
	wanted := ""
	for key, value := range metadata {
		var err error
		switch key {
		case "fleet", "route":
			if t.kind != "" {
				return trigger{}, badField("fleet", "and route are both there: a trigger is about one of them")
			}
			if value == "" {
				return trigger{}, badField(key, "is empty: name a "+key)
			}
			t.kind, t.name = key, value
		case "metric":
			wanted = value
		case "target":
			t.target, err = amount(key, value, true)
		case "activation":
			t.activation, err = amount(key, value, false)
		case "token", "tokenFromEnv":
			t.token = value
		default:
			if !slices.Contains(kedaKeys, key) {
				err = badField(key, "is not known: there are fleet, route, metric, target, activation, token and tokenFromEnv")
			}
		}
		if err != nil {
			return trigger{}, err
		}
	}
	if t.kind == "" {
		return trigger{}, badField("fleet", "is missing: name a fleet, or a route with scalerMetadata.route")
	}
	return t, t.choose(wanted)
}

// choose finds the metric; "" is the replicas of a fleet and the players of a route.
func (t *trigger) choose(name string) error {
	if name == "" {
		name = map[string]string{"fleet": "replicas", "route": "players"}[t.kind]
	}
	all := numbers()
	i := slices.IndexFunc(all, func(n number) bool {
		return n.name == name && (t.kind == "fleet" && n.fleet != nil || t.kind == "route" && n.route != nil)
	})
	if i < 0 {
		return badField("metric", fmt.Sprintf("is %q, which is not known of a %s: there are %s", name, t.kind, numberNames(t.kind)))
	}
	t.number = all[i]
	return nil
}

// metricName is what KEDA is to call the number. It may have letters, digits and hyphens.
func (t *trigger) metricName() string {
	name := []byte("greenroom-" + t.kind + "-" + t.name + "-" + t.number.name)
	for i, c := range name {
		if c == '_' {
			name[i] = '-'
		}
	}
	return string(name)
}

func amount(key, value string, positive bool) (float64, error) {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > maxTarget || positive && v == 0 {
		least := "of at least 0"
		if positive {
			least = "above 0"
		}
		return 0, badField(key, fmt.Sprintf("is %q: write a number %s, at most %g", value, least, maxTarget))
	}
	return v, nil
}

// badField is what is wrong with a field of a trigger's metadata.
func badField(key, what string) error {
	return connect.NewError(connect.CodeInvalidArgument, "scalerMetadata."+key+" "+what)
}
