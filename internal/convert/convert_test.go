package convert

import (
	"math"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

func counts() *rapid.Generator[int] { return rapid.IntRange(0, 20000) }

func durations() *rapid.Generator[time.Duration] {
	return rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 600_000).Draw(t, "ms")) * time.Millisecond
	})
}

func times() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		s := rapid.Int64Range(0, 4_000_000_000).Draw(t, "unix")
		if s == 0 {
			return time.Time{}
		}
		return time.Unix(s, rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).UTC()
	})
}

// labelMaps never draws an empty map: a message cannot tell it from none.
func labelMaps() *rapid.Generator[map[string]string] {
	return rapid.Custom(func(t *rapid.T) map[string]string {
		if rapid.Bool().Draw(t, "none") {
			return nil
		}
		return rapid.MapOfN(rapid.StringMatching(`[a-z]{1,9}`), rapid.String(), 1, 4).Draw(t, "labels")
	})
}

func drawSpec(t *rapid.T) model.FleetSpec {
	n, d := counts(), durations()
	s := model.FleetSpec{
		Capacity: model.Capacity{Sessions: n.Draw(t, "sessions"), SeatsPerSession: n.Draw(t, "per"), Seats: n.Draw(t, "seats")},
		Ready:    n.Draw(t, "ready"), Open: n.Draw(t, "open"), Min: n.Draw(t, "min"), Max: n.Draw(t, "max"),
		Drain:      model.DrainPolicy{Wait: d.Draw(t, "wait"), Deadline: d.Draw(t, "deadline")},
		DoubtAfter: d.Draw(t, "doubt"), StartTimeout: d.Draw(t, "start"), ScaleInAfter: d.Draw(t, "in"),
		Room: model.RoomSettings{
			Tick: d.Draw(t, "tick"), MaxMessageBytes: n.Draw(t, "bytes"), MaxMessagesPerSecond: n.Draw(t, "rate"),
			MaxMemberQueueBytes: n.Draw(t, "queue"), MaxStateBytes: n.Draw(t, "state"), ResumeWindow: d.Draw(t, "resume"),
		},
	}
	if rapid.Bool().Draw(t, "process") {
		s.Process = &model.ProcessSpec{
			Env: labelMaps().Draw(t, "env"), WorkingDir: rapid.String().Draw(t, "dir"), MemoryMiB: n.Draw(t, "mem"),
			CPUMillis: n.Draw(t, "cpu"), OpenFiles: n.Draw(t, "files"), StopGrace: d.Draw(t, "grace"),
		}
		if rapid.Bool().Draw(t, "command") {
			s.Process.Command = rapid.SliceOfN(rapid.String(), 1, 4).Draw(t, "words")
			s.Process.Ports = []model.Port{{Name: "game", Number: n.Draw(t, "port"), UDP: rapid.Bool().Draw(t, "udp")}}
		}
	}
	return s
}

func TestFleetGoesThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := model.Fleet{
			Name: "plaza", Labels: labelMaps().Draw(t, "labels"), Spec: drawSpec(t),
			Generation: model.Generation(rapid.Uint64().Draw(t, "gen")),
			CreatedAt:  times().Draw(t, "created"), UpdatedAt: times().Draw(t, "updated"),
		}
		message := FleetProto(want)
		if got := FleetModel(message); !reflect.DeepEqual(got, want) {
			t.Fatalf("came back as\n%+v\nof\n%+v", got, want)
		}
		if again := FleetProto(FleetModel(message)); !proto.Equal(again, message) {
			t.Fatalf("the message came back as\n%v\nof\n%v", again, message)
		}
	})
}

// TestEveryFieldOfAFleetSpecIsCarried fails when a field is added to the model and forgotten here.
func TestEveryFieldOfAFleetSpecIsCarried(t *testing.T) {
	var filled model.FleetSpec
	fill(reflect.ValueOf(&filled).Elem())
	filled.Scaling.Policies = onePolicyOfEachKind()
	static := *filled.Static
	filled.Static = nil // one provider alone
	if got := FleetSpecModel(FleetSpecProto(filled)); !reflect.DeepEqual(got, filled) {
		t.Fatalf("came back as\n%+v\nof\n%+v", got, filled)
	}
	filled.Process = nil
	for kind, leave := range map[model.ProbeKind]func(*model.Probe){
		model.ProbeTCP:  func(p *model.Probe) { p.Payload, p.Path = nil, "" },
		model.ProbeUDP:  func(p *model.Probe) { p.Path = "" },
		model.ProbeHTTP: func(p *model.Probe) { p.Payload = nil },
	} {
		want := static
		want.Probe.Kind = kind
		leave(&want.Probe)
		filled.Static = &want
		if got := FleetSpecModel(FleetSpecProto(filled)); !reflect.DeepEqual(got, filled) {
			t.Fatalf("probe %d came back as\n%+v\nof\n%+v", kind, *got.Static, want)
		}
	}
}

// onePolicyOfEachKind has a policy for every pointer of model.Policy, each with that one alone set and filled.
func onePolicyOfEachKind() []model.Policy {
	var out []model.Policy
	kinds := reflect.TypeFor[model.Policy]()
	for i := range kinds.NumField() {
		if kinds.Field(i).Type.Kind() != reflect.Pointer {
			continue
		}
		p := model.Policy{Name: "x"}
		fill(reflect.ValueOf(&p).Elem().Field(i))
		out = append(out, p)
	}
	return out
}

// fill sets every field below v to something that is not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"k": "v"}))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(0.7)
	case reflect.Uint8, reflect.Uint32:
		v.SetUint(7)
	default:
		v.SetInt(7)
	}
}

func TestRouteGoesThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := model.Route{
			Name: "plaza", Labels: labelMaps().Draw(t, "labels"),
			Fleets:     []model.FleetWeight{{Fleet: "old", Weight: model.PPM(counts().Draw(t, "ppm"))}, {Fleet: "new"}},
			MaxWaiting: counts().Draw(t, "waiting"), MaxWait: durations().Draw(t, "wait"),
			Generation: 3, CreatedAt: times().Draw(t, "created"), UpdatedAt: times().Draw(t, "updated"),
		}
		if got := RouteModel(RouteProto(want)); !reflect.DeepEqual(got, want) {
			t.Fatalf("came back as\n%+v\nof\n%+v", got, want)
		}
	})
}

func TestOneFleetAloneHasAllOfIt(t *testing.T) {
	for _, ppm := range []uint32{0, uint32(model.Whole)} {
		r := RouteModel(&greenroomv1.Route{Spec: &greenroomv1.RouteSpec{Fleets: []*greenroomv1.FleetWeight{{Fleet: "a", WeightPpm: ppm}}}})
		if r.Fleets[0].Weight != model.Whole {
			t.Errorf("%d ppm is %d", ppm, r.Fleets[0].Weight)
		}
	}
	two := RouteModel(&greenroomv1.Route{Spec: &greenroomv1.RouteSpec{Fleets: []*greenroomv1.FleetWeight{{Fleet: "a", WeightPpm: 1_000_000}, {Fleet: "b"}}}})
	if two.Fleets[1].Weight != 0 {
		t.Errorf("a canary of nothing is %d", two.Fleets[1].Weight)
	}
}

func TestEventGoesThereAndBack(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 1).UTC() }
	want := model.Event{
		Name: "gala", Labels: map[string]string{"k": "v"}, Title: "Gala", Route: "plaza", DoorsAt: at(1), EndsAt: at(2),
		Attendance: 3, PlayersPerSession: 4, Lead: 5, Ramp: 6, Generation: 7, CreatedAt: at(8), UpdatedAt: at(9),
	}
	for i := range reflect.TypeFor[model.Event]().NumField() {
		if reflect.ValueOf(want).Field(i).IsZero() {
			t.Errorf("field %d is zero: nothing would be seen of it", i)
		}
	}
	message := EventProto(want)
	if got := EventModel(message); !reflect.DeepEqual(got, want) {
		t.Fatalf("came back as\n%+v\nof\n%+v", got, want)
	}
	fields := message.GetSpec().ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); !message.GetSpec().ProtoReflect().Has(f) {
			t.Errorf("%s is not carried", f.FullName())
		}
	}
}

func TestRolloutGoesThereAndBack(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 1).UTC() }
	low, high := -1.5, 2.5
	want := model.Rollout{
		Name: "r", Labels: map[string]string{"k": "v"}, Generation: 7, CreatedAt: at(8), UpdatedAt: at(9),
		Spec: model.RolloutSpec{
			Route: "plaza", To: "new", From: "old", Steps: []model.RolloutStep{{Weight: 1, Hold: 2}}, Pause: true, DrainBack: true, Patience: 3,
			Gates: []model.Gate{
				{Name: "a", ConnectErrors: &model.RatioGate{Max: .1, MaxMore: .2}, Window: 4, MinSamples: 5},
				{JoinLatency: &model.LatencyGate{Quantile: .5, Max: 6, MaxRatio: 7}},
				{Reconnects: &model.RatioGate{Max: .3}},
				{Crashes: &model.CrashGate{Max: 8}},
				{Prometheus: &model.PrometheusGate{URL: "u", Query: "q", Max: &high, Min: &low, MaxRatio: 9}},
			},
		},
	}
	message := RolloutProto(want)
	if got := RolloutModel(message); !reflect.DeepEqual(got, want) {
		t.Fatalf("came back as\n%+v\nof\n%+v", got, want)
	}
	fields := message.GetSpec().ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); !message.GetSpec().ProtoReflect().Has(f) {
			t.Errorf("%s is not carried", f.FullName())
		}
	}
	state := model.RolloutState{
		Phase: model.RolloutPaused, Step: 1, Weight: 2, StepSince: at(3), From: "old", Drains: true,
		Before: []model.FleetWeight{{Fleet: "old", Weight: 4}}, Weights: []model.FleetWeight{{Fleet: "new", Weight: 5}},
		Moves: []model.RolloutMove{{At: at(6), Weight: 7, What: "paused", Reason: "why", Actor: "ann"}},
	}
	if got := RolloutStateModel(RolloutStateProto(state)); !reflect.DeepEqual(got, state) {
		t.Errorf("came back as\n%+v\nof\n%+v", got, state)
	}
}

func TestServerGoesThereAndBack(t *testing.T) {
	at := time.Unix(1_700_000_000, 0).UTC()
	want := model.Server{
		ID: "plaza-abcdefgh", Fleet: "plaza", State: model.ServerDraining, Reason: "asked to", Generation: 4,
		Endpoints: []model.Endpoint{{Name: "ws", URL: "ws://127.0.0.1:7401/room"}}, Version: "1.2", ProviderRef: "pid 4711",
		Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"},
		SessionCapacity: 10, SeatCapacity: 100, ReportedAt: at, CreatedAt: at, StateSince: at,
		Drain:    &model.Drain{StartedAt: at, HandOverAt: at.Add(time.Minute), DeadlineAt: at.Add(time.Hour), Reason: "upgrade"},
		Sessions: 3, SeatsReserved: 1, SeatsClaimed: 40,
		Load: &model.Load{At: at, CPU: 0.5, CPULimit: 2, MemoryBytes: 1 << 20, Received: 1000, Sent: 4000},
	}
	if got := ServerModel(ServerProto(want, at)); !reflect.DeepEqual(got, want) {
		t.Fatalf("came back as\n%+v\nof\n%+v", got, want)
	}
}

func TestPhaseOfADrain(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	drain := &model.Drain{StartedAt: at, HandOverAt: at.Add(time.Minute), DeadlineAt: at.Add(time.Hour)}
	for _, c := range []struct {
		state model.ServerState
		after time.Duration
		want  string
	}{
		{model.ServerDraining, 0, "waiting"},
		{model.ServerDraining, time.Minute, "handing over"},
		{model.ServerDraining, time.Hour, "past deadline"},
		{model.ServerEmpty, time.Second, "empty"},
		{model.ServerStopped, 2 * time.Hour, "empty"},
	} {
		status := ServerProto(model.Server{State: c.state, Drain: drain, Sessions: 2, SeatsClaimed: 9}, at.Add(c.after)).GetDrain()
		if status.GetPhase() != c.want || status.GetSessionsLeft() != 2 || status.GetPlayersLeft() != 9 {
			t.Errorf("%s after %s: %v, want phase %q", c.state, c.after, status, c.want)
		}
	}
}

func TestSessionGoesThereAndBack(t *testing.T) {
	at := time.Unix(1_700_000_000, 5).UTC()
	want := model.Session{
		SessionRef: model.SessionRef{Route: "plaza", Key: "room-7"}, Fleet: "rooms", Server: "rooms-abcdefgh",
		State: model.SessionMoving, Generation: 9, Capacity: 50, SeatsReserved: 1, SeatsClaimed: 1, CreatedAt: at,
		Seats: []model.Seat{{Player: "ann", State: model.SeatReserved, ExpiresAt: at}, {Player: "bob", State: model.SeatClaimed}},
	}
	if got := SessionModel(SessionProto(want)); !reflect.DeepEqual(got, want) {
		t.Fatalf("came back as\n%+v\nof\n%+v", got, want)
	}
}

func TestWantGoesThereAndBack(t *testing.T) {
	at := time.Unix(1_700_000_000, 0).UTC()
	drain := &model.Drain{
		StartedAt: at, HandOverAt: at, DeadlineAt: at.Add(time.Hour), Reason: "upgrade", Cause: model.DrainNode,
		Before: &model.Drain{StartedAt: at, HandOverAt: at, DeadlineAt: at.Add(2 * time.Hour), Reason: "revision 2", Cause: model.DrainUpgrade},
	}
	state, reason, got := WantModel(WantProto(model.ServerDraining, "upgrade", drain))
	if state != model.ServerDraining || reason != "upgrade" || !reflect.DeepEqual(got, drain) {
		t.Errorf("want came back as %s %q %+v", state, reason, got)
	}
	if _, _, none := WantModel(WantProto(model.ServerOpen, "", nil)); none != nil {
		t.Errorf("no drain became %+v", none)
	}
	asked := &model.Drain{StartedAt: at, HandOverAt: at, DeadlineAt: at.Add(time.Hour), Reason: "by hand"}
	if _, _, got := WantModel(WantProto(model.ServerDraining, "by hand", asked)); !reflect.DeepEqual(got, asked) {
		t.Errorf("an operator's drain came back as %+v", got)
	}
	old := WantProto(model.ServerDraining, "by hand", asked)
	old.Drain = nil // what an older control plane said
	if _, _, got := WantModel(old); got.Cause != model.DrainUnknown || !got.DeadlineAt.Equal(asked.DeadlineAt) {
		t.Errorf("a drain without a note came back as %+v", got)
	}
}

// TestStatesHaveTheContractsNumbers holds the two lists of states together.
func TestStatesHaveTheContractsNumbers(t *testing.T) {
	for number, name := range greenroomv1.ServerState_name {
		state := ServerStateModel(greenroomv1.ServerState(number))
		if number != 0 && "SERVER_STATE_"+upper(state.String()) != name {
			t.Errorf("%s is the model's %s", name, state)
		}
	}
	for number, name := range greenroomv1.SessionState_name {
		state := SessionStateModel(greenroomv1.SessionState(number))
		if number != 0 && "SESSION_STATE_"+upper(state.String()) != name {
			t.Errorf("%s is the model's %s", name, state)
		}
	}
	if ServerStateModel(99) != model.ServerStateUnknown || ServerStateModel(-1) != model.ServerStateUnknown ||
		SessionStateModel(99) != model.SessionStateUnknown || SeatStateModel(99) != model.SeatStateUnknown {
		t.Error("a number nobody knows became a state")
	}
}

func upper(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] -= 'a' - 'A'
	}
	return string(b)
}

func TestNumbersTooLargeBecomeTheLargest(t *testing.T) {
	if got := count(math.MaxInt); got != math.MaxUint32 {
		t.Errorf("count(MaxInt) = %d", got)
	}
	if got := count(-1); got != 0 {
		t.Errorf("count(-1) = %d", got)
	}
}

func TestAnImpossibleLoadIsNoLoad(t *testing.T) {
	for _, bad := range []*greenroomv1.ServerLoad{
		nil, {CpuCores: math.NaN()}, {CpuLimitCores: math.Inf(1)}, {MemoryBytes: -1}, {SentBytesPerSecond: math.Inf(-1)},
	} {
		if l := LoadModel(bad, time.Time{}); l != nil {
			t.Errorf("%v was taken: %+v", bad, l)
		}
	}
}
