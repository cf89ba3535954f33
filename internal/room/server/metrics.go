package server

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/mqtt"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/internal/usage"
)

// family is one metric. Its names and labels are what dashboards and `greenroom bots --find-capacity` go by: they stay.
type family struct {
	name, kind, help string
	samples          []sample
}

// sample is one of its values; label is the inner part of the braces, "" for none.
type sample struct {
	label string
	value float64
}

// writeMetrics writes what the process did, in Prometheus' text format. No session, player or address is a label.
func (s *Server) writeMetrics(w io.Writer) {
	var b bytes.Buffer
	for _, f := range slices.Concat(roomFamilies(&s.rooms.counters), s.doorFamilies(), s.mqttFamilies(), s.udpFamilies(), processFamilies()) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for _, at := range f.samples {
			name := f.name
			if at.label != "" {
				name += "{" + at.label + "}"
			}
			fmt.Fprintf(&b, "%s %s\n", name, decimal(at.value))
		}
	}
	writeDurations(&b, "greenroom_room_tick_seconds", "How long the rooms' ticks took.", &s.rooms.counters.TickTime)
	_, _ = w.Write(b.Bytes())
}

func counter[N uint64 | float64](name string, value N, help string) family {
	return family{name, "counter", help, []sample{{"", float64(value)}}}
}

func gauge[N int | int64 | uint64](name string, value N, help string) family {
	return family{name, "gauge", help, []sample{{"", float64(value)}}}
}

// roomFamilies are what the rooms did: every field of room.Counters.
func roomFamilies(c *room.Counters) []family {
	return []family{
		gauge("greenroom_room_members", c.Members.Load(), "Members of all rooms, those away for a moment too."),
		counter("greenroom_room_ticks_total", c.Ticks.Load(), "Ticks in which something was told."),
		counter("greenroom_room_ticks_late_total", c.LateTicks.Load(), "Ticks that began 5 ms or more after they were due."),
		counter("greenroom_room_joins_total", c.Joins.Load(), "Connections welcomed into rooms."),
		counter("greenroom_room_joins_refused_total", c.JoinsRefused.Load(), "Connections refused by a room: full, their seat was released, or its game let them not in."),
		counter("greenroom_room_joins_unrecovered_total", c.Unrecovered.Load(), "Connections that came back after events were lost to them."),
		counter("greenroom_room_messages_taken_total", c.Taken.Load(), "States, events and signals taken from members."),
		counter("greenroom_room_messages_rejected_total", c.Rejected.Load(), "Messages not taken: above a limit, malformed, or their check failed."),
		counter("greenroom_room_rejected_rate_total", c.RejectedRate.Load(), "Messages rejected above a member's messages a second."),
		counter("greenroom_room_rejected_bytes_total", c.RejectedBytes.Load(), "Messages rejected above a member's bytes a second."),
		counter("greenroom_room_rejected_busy_total", c.RejectedBusy.Load(), "Messages rejected because their room had too many waiting."),
		counter("greenroom_room_rejected_size_total", c.RejectedSize.Load(), "Messages rejected for their length."),
		counter("greenroom_room_rejected_name_total", c.RejectedName.Load(), "Messages rejected for their key or name."),
		counter("greenroom_room_rejected_full_total", c.RejectedFull.Load(), "States rejected because their room's state was full."),
		counter("greenroom_room_rejected_check_total", c.RejectedCheck.Load(), "States rejected because the key was at another version."),
		counter("greenroom_room_rejected_target_total", c.RejectedTarget.Load(), "Signals rejected because a target is no member."),
		counter("greenroom_room_messages_duplicate_total", c.Duplicates.Load(), "Messages sent again that were taken before."),
		counter("greenroom_room_positions_taken_total", c.Positions.Load(), "Positions taken from members."),
		counter("greenroom_room_positions_refused_total", c.PositionsRefused.Load(), "Positions dropped: above a member's rate, or too large."),
		counter("greenroom_room_positions_late_total", c.PositionsLate.Load(), "Positions dropped: not newer than the last."),
		counter("greenroom_room_signals_missed_total", c.SignalsMissed.Load(), "Signals to members that were away."),
		counter("greenroom_room_pings_unanswered_total", c.Unanswered.Load(), "Pings above a member's rate."),
		counter("greenroom_room_floods_total", c.Floods.Load(), "Connections that went on above their rates until they were closed."),
		counter("greenroom_room_encodings_total", c.Encodings.Load(), "Encodings of a tick for a class of connections."),
		counter("greenroom_room_deliveries_total", c.Delivered.Load(), "Messages times the members they were queued for."),
		counter("greenroom_room_queued_bytes_total", c.SentBytes.Load(), "Bytes of ticks queued for members."),
		counter("greenroom_room_dropped_bytes_total", c.DroppedBytes.Load(), "Queued bytes dropped because their member was too slow."),
		counter("greenroom_room_resyncs_total", c.Resyncs.Load(), "Members too slow that got a snapshot instead of what they missed."),
		counter("greenroom_room_slow_closes_total", c.SlowCloses.Load(), "Connections closed because they were too slow."),
		counter("greenroom_room_logic_refused_total", c.LogicRefused.Load(), "Messages that a game's logic refused."),
		counter("greenroom_room_logic_corrected_total", c.LogicCorrected.Load(), "Positions that a game's logic refused or changed."),
		counter("greenroom_room_logic_panics_total", c.LogicPanics.Load(), "Panics of a game's logic."),
		counter("greenroom_room_logic_slow_total", c.LogicSlow.Load(), "Ticks that a game's logic made longer than they are."),
		counter("greenroom_room_staged_total", c.Staged.Load(), "Messages of the stage that rooms told."),
	}
}

// doorFamilies are what came through the doors.
func (s *Server) doorFamilies() []family {
	e := s.entrance
	received, sent, packets := s.traffic()
	connections := family{"greenroom_room_connections", "gauge", "Connections, by the endpoint they came by.", nil}
	for _, name := range slices.Sorted(maps.Keys(s.doors)) {
		connections.samples = append(connections.samples, sample{fmt.Sprintf("endpoint=%q", name), float64(s.doors[name].Conns())})
	}
	return []family{
		gauge("greenroom_room_rooms", len(s.rooms.list()), "Rooms."),
		connections,
		gauge("greenroom_room_half_open", e.waiting(), "Connections that have not shown a ticket that was taken."),
		{"greenroom_room_connects_refused_total", "counter", "Connections refused at the door, by reason.", []sample{
			{`reason="rate"`, float64(e.refused.rate.Load())},
			{`reason="half_open"`, float64(e.refused.halfOpen.Load())},
			{`reason="address"`, float64(e.refused.address.Load())},
		}},
		counter("greenroom_room_received_bytes_total", received, "Bytes received from the network."),
		counter("greenroom_room_sent_bytes_total", sent, "Bytes sent to the network."),
		counter("greenroom_room_packets_sent_total", packets, "Writes to streams, and datagrams sent."),
	}
}

// mqttFamilies are what the MQTT doors did not do, or let go, together.
func (s *Server) mqttFamilies() []family {
	var all []family
	for _, d := range s.doors {
		door, ok := d.(*mqtt.Door)
		if !ok {
			continue
		}
		i := 0
		door.Counters.Each(func(name string, value uint64) {
			if i == len(all) {
				all = append(all, counter("greenroom_room_mqtt_"+name+"_total", uint64(0), "MQTT: "+strings.ReplaceAll(name, "_", " ")+"; see mqtt.Counters."))
			}
			all[i].samples[0].value += float64(value)
			i++
		})
	}
	return all
}

// udpFamilies are what the UDP door took and dropped.
func (s *Server) udpFamilies() []family {
	door, ok := s.doors[udp.Endpoint].(*udp.Door)
	if !ok {
		return nil
	}
	c := door.Counters()
	dropped := family{"greenroom_room_udp_dropped_total", "counter", "Datagrams dropped, by reason.", []sample{
		{`reason="malformed"`, float64(c.Malformed.Load())},
		{`reason="unknown"`, float64(c.Unknown.Load())},
		{`reason="bad_cookie"`, float64(c.BadCookies.Load())},
		{`reason="forged"`, float64(c.Forged.Load())},
		{`reason="replayed"`, float64(c.Replayed.Load())},
		{`reason="rate"`, float64(c.NotEntered.Load())},
		{`reason="not_sent"`, float64(c.SendFailures.Load())},
	}}
	return []family{
		counter("greenroom_room_udp_received_total", c.Received.Load(), "Datagrams received."),
		counter("greenroom_room_udp_challenged_total", c.Challenged.Load(), "Requests answered with a cookie."),
		counter("greenroom_room_udp_accepted_total", c.Accepted.Load(), "Connections by UDP."),
		counter("greenroom_room_udp_refused_total", c.Refused.Load(), "Connect tokens refused, with a reason."),
		dropped,
	}
}

// traffic is what all doors carried.
func (s *Server) traffic() (received, sent, packets uint64) {
	t := &s.entrance.traffic
	received, sent, packets = t.ReceivedBytes.Load(), t.SentBytes.Load(), t.SentPackets.Load()
	if door, ok := s.doors[udp.Endpoint].(*udp.Door); ok {
		c := door.Counters()
		received, sent, packets = received+c.ReceivedBytes.Load(), sent+c.SentBytes.Load(), packets+c.Sent.Load()
	}
	return received, sent, packets
}

// carried is the bytes that all doors received and sent.
func (s *Server) carried() (received, sent uint64) {
	received, sent, _ = s.traffic()
	return received, sent
}

// processFamilies are what the process used, by the names of the field.
func processFamilies() []family {
	all := []family{gauge("go_goroutines", runtime.NumGoroutine(), "Goroutines.")}
	if cpu, err := usage.CPU(os.Getpid()); err == nil {
		all = append(all, counter("process_cpu_seconds_total", cpu.Seconds(), "CPU time used, user and system."))
	}
	if rss, err := usage.RSS(os.Getpid()); err == nil {
		all = append(all, gauge("process_resident_memory_bytes", rss, "Memory in use."))
	}
	return all
}

func writeDurations(w io.Writer, name, help string, d *room.Durations) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name)
	upTo, sum := d.Read()
	for i, n := range upTo {
		bound := "+Inf"
		if i < room.DurationBuckets {
			bound = decimal(room.DurationBound(i).Seconds())
		}
		fmt.Fprintf(w, "%s_bucket{le=%q} %d\n", name, bound, n)
	}
	fmt.Fprintf(w, "%s_sum %s\n%s_count %d\n", name, decimal(sum.Seconds()), name, upTo[room.DurationBuckets])
}

// decimal writes a number without an exponent.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
