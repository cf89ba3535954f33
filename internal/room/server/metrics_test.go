package server

import (
	"bufio"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/mqtt"
	"greenroom.dev/greenroom/internal/room/udp"
)

// Every field of room.Counters has a metric, the right one among them.
func TestEveryCounterHasAMetric(t *testing.T) {
	var c room.Counters
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		before := roomFamilies(&c)
		switch f := v.Field(i).Addr().Interface().(type) {
		case *atomic.Uint64:
			f.Add(uint64(i) + 7)
		case *atomic.Int64:
			f.Add(int64(i) + 7)
		case *room.Durations: // a histogram of its own
			if name != "TickTime" {
				t.Errorf("Counters.%s: write its histogram in writeMetrics", name)
			}
			continue
		default:
			t.Fatalf("Counters.%s is a %T", name, f)
		}
		var changed []string
		for j, f := range roomFamilies(&c) {
			if f.samples[0].value != before[j].samples[0].value {
				changed = append(changed, f.name)
			}
		}
		if len(changed) != 1 {
			t.Errorf("Counters.%s is told by %v: add it to roomFamilies", name, changed)
		}
	}
}

// scrape reads the metrics as a scraper does: names with their labels and values; what is malformed fails.
func scrape(t *testing.T, s *Server) map[string]float64 {
	t.Helper()
	var text strings.Builder
	s.writeMetrics(&text)
	line := regexp.MustCompile(`^([a-z_]+)(\{[a-z_]+="[^"]*"\})? ([0-9.]+)$`)
	values, typed, help := map[string]float64{}, map[string]bool{}, ""
	for lines := bufio.NewScanner(strings.NewReader(text.String())); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case fields[0] == "#" && fields[1] == "HELP" && len(fields) > 3:
			help = fields[2]
		case fields[0] == "#" && fields[1] == "TYPE" && fields[2] == help && !typed[help]:
			typed[help] = true
		default:
			m := line.FindStringSubmatch(lines.Text())
			if m == nil || !strings.HasPrefix(m[1], help) {
				t.Fatalf("malformed: %q", lines.Text())
			}
			value, err := strconv.ParseFloat(m[3], 64)
			if _, twice := values[m[1]+m[2]]; err != nil || twice {
				t.Fatalf("%q: %v, twice: %v", lines.Text(), err, twice)
			}
			values[m[1]+m[2]] = value
		}
	}
	return values
}

// What the MQTT doors counted is one number for all of them.
func TestMQTTCountersAreMetrics(t *testing.T) {
	one, two := &mqtt.Door{}, &mqtt.Door{}
	s := &Server{entrance: newEntrance(0), doors: map[string]door{"mqtt": one, "mqtts": two}}
	v, fields := reflect.ValueOf(&one.Counters).Elem(), 0
	for i := range v.NumField() {
		v.Field(i).Addr().Interface().(*atomic.Uint64).Store(uint64(i) + 1)
		fields += i + 1
	}
	two.Counters.Refused.Store(100)
	sum := 0.0
	for name, value := range scrape(t, s) {
		if strings.HasPrefix(name, "greenroom_room_mqtt_") {
			sum += value
		}
	}
	if sum != float64(fields+100) {
		t.Errorf("together %v, not %d: mqtt.Counters.Each leaves one out", sum, fields+100)
	}
}

// Every counter of the UDP door is told.
func TestUDPCountersAreMetrics(t *testing.T) {
	var one udp.Door
	s := &Server{entrance: newEntrance(0), doors: map[string]door{"udp": &one}}
	before := scrape(t, s)
	v := reflect.ValueOf(one.Counters()).Elem()
	for i := range v.NumField() {
		v.Field(i).Addr().Interface().(*atomic.Uint64).Add(1)
		after, told := scrape(t, s), false
		for name, value := range after {
			told = told || strings.HasPrefix(name, "greenroom_room_") && value != before[name]
		}
		if !told {
			t.Errorf("udp.Counters.%s has no metric", v.Type().Field(i).Name)
		}
		before = after
	}
}

// The names that others go by.
func TestMetricsThatStay(t *testing.T) {
	s := &Server{entrance: newEntrance(0), doors: map[string]door{}}
	s.rooms.counters.TickTime.Observe(1)
	got := scrape(t, s)
	for _, name := range []string{
		"process_cpu_seconds_total", "process_resident_memory_bytes", "go_goroutines", "greenroom_room_rooms", "greenroom_room_members",
		"greenroom_room_sent_bytes_total", "greenroom_room_received_bytes_total", "greenroom_room_packets_sent_total",
		"greenroom_room_deliveries_total", "greenroom_room_half_open", `greenroom_room_connects_refused_total{reason="rate"}`,
		`greenroom_room_tick_seconds_bucket{le="0.0001"}`, `greenroom_room_tick_seconds_bucket{le="+Inf"}`, "greenroom_room_tick_seconds_sum", "greenroom_room_tick_seconds_count",
	} {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if got["process_cpu_seconds_total"] == 0 || got["process_resident_memory_bytes"] < 1<<20 || got["greenroom_room_tick_seconds_count"] != 1 {
		t.Errorf("%v", got)
	}
}
