package mqtt

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The examples of MQTT 5 §4.7, and some more.
func TestFilters(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"sport/tennis/player1/#", "sport/tennis/player1", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
		{"sport/#", "sport", true},
		{"#", "sport/tennis", true},
		{"sport/tennis/+", "sport/tennis/player1", true},
		{"sport/tennis/+", "sport/tennis/player1/ranking", false},
		{"sport/+", "sport", false},
		{"sport/+", "sport/", true},
		{"+/+", "/finance", true},
		{"/+", "/finance", true},
		{"+", "/finance", false},
		{"a/b", "a/b", true},
		{"a/b", "a/b/c", false},
		{"a/b/c", "a/b", false},
		{"a", "ab", false},
		{"#", "$SYS/x", false},
		{"+/x", "$SYS/x", false},
		{"$SYS/#", "$SYS/x", true},
		{"$SYS/+", "$SYS/x", true},
		{"a/+", "a/$x", true},
	} {
		if got := matches(c.filter, []byte(c.topic)); got != c.want {
			t.Errorf("%s against %s: %v", c.filter, c.topic, got)
		}
	}
	for filter, want := range map[string]bool{
		"#": true, "+": true, "a/+/b/#": true, "": false, "a#": false, "#/a": false, "a+": false, "+a/b": false, "/": true,
	} {
		if validFilter(filter) != want {
			t.Errorf("filter %q is valid: %v", filter, !want)
		}
	}
}

// Matching is what the levels say, however they are cut.
func TestMatchesProperty(t *testing.T) {
	level := rapid.SampledFrom([]string{"a", "b", "", "$x", "ab"})
	rapid.Check(t, func(t *rapid.T) {
		topic := rapid.SliceOfN(level, 1, 5).Draw(t, "topic")
		filter := rapid.SliceOfN(rapid.OneOf(level, rapid.Just("+")), 1, 5).Draw(t, "filter")
		if rapid.Bool().Draw(t, "open") {
			filter = append(filter, "#")
		}
		want := reference(filter, topic) && (!strings.HasPrefix(topic[0], "$") || strings.HasPrefix(filter[0], "$"))
		f, to := strings.Join(filter, "/"), strings.Join(topic, "/")
		if f == "" || to == "" {
			return
		}
		if matches(f, []byte(to)) != want {
			t.Fatalf("%q matches %q: %v", f, to, !want)
		}
		if want && len(topic) > 2 && !reachable(f, strings.Join(topic[:2], "/")+"/", "ann") && topic[2] != "m" {
			t.Fatalf("%q matches %q and is not reachable", f, to)
		}
	})
}

func reference(filter, topic []string) bool {
	switch {
	case len(filter) == 0:
		return len(topic) == 0
	case filter[0] == "#":
		return true
	case len(topic) == 0:
		return false
	}
	return (filter[0] == "+" || filter[0] == topic[0]) && reference(filter[1:], topic[1:])
}

func TestTopics(t *testing.T) {
	for topic, want := range map[string]place{
		"r/k/s/pos/ann":    {class: topicState, name: "pos/ann"},
		"r/k/e/chat":       {class: topicEvent, name: "chat"},
		"r/k/m/ann/wave/x": {class: topicSignal, player: "ann", name: "wave/x"},
		"r/k/pos/ann":      {class: topicPosition, player: "ann"},
	} {
		if got, ok, legal := parseTopic("r/k/", topic); got != want || !ok || !legal {
			t.Errorf("%s is %+v, %v, %v", topic, got, ok, legal)
		}
	}
	for topic, legal := range map[string]bool{
		"r/k/p/ann": true, "r/other/s/x": true, "r/k/s": true, "r/k/s/": true, "r/k/m/ann": true, "r/k/m/ann/": true,
		"r/k/batch": true, "r/k/sys/members": true, "stage/x": true, "$SYS/x": true, "r/k/pos/": true,
		"r/k/s/+": false, "": false, "r/k/s/a//": false,
	} {
		if _, ok, l := parseTopic("r/k/", topic); ok && l || l != legal {
			t.Errorf("%q: ok %v, legal %v", topic, ok, l)
		}
	}
}

func TestReachable(t *testing.T) {
	for filter, want := range map[string]bool{
		"#": true, "+/#": true, "+/+/s/#": true, "r/#": true, "r/k/#": true, "r/k/s/x": true, "r/+/m/+/x": true,
		"r/k/m/ann/#": true, "r/k/m/#": true, "stage/x": true, "stage/#": true, "+/x": true,
		"r/k": false, "r/other/#": false, "r/k/m/bob/#": false, "x": false, "+": false, "$SYS/#": false, "x/#": false,
	} {
		if reachable(filter, "r/k/", "ann") != want {
			t.Errorf("%s is reachable: %v", filter, !want)
		}
	}
}

func TestShareNames(t *testing.T) {
	for name, want := range map[string]struct {
		topic  string
		shared bool
	}{
		"r/k/s/#":           {"r/k/s/#", false},
		"$share/g/r/k/s/#":  {"r/k/s/#", true},
		"$share/g":          {"", true},
		"$share/g/":         {"", true},
		"$share//x":         {"", true},
		"$share/+/x":        {"", true},
		"$share/a#/x":       {"", true},
		"$share/g//finance": {"/finance", true},
	} {
		if topic, shared := cutShare(name); topic != want.topic || shared != want.shared {
			t.Errorf("%s: %q, %v", name, topic, shared)
		}
	}
}
