package room

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	core "greenroom.dev/greenroom/internal/room"
)

// SimulationConfig says which room is simulated. The zero value is of use.
type SimulationConfig struct {
	Session  Session
	Capacity int // seats; 0: no bound
	// Settings are the fleet's room settings; nil: the defaults.
	Settings *greenroomv1.RoomSettings
	Seed     uint64 // of Room.Random
	// Flag is what Room.Flag answers; nil: every flag is off.
	Flag func(name, key string) (value string, on bool)
}

// Simulation is a room with a game that nobody but the program plays: with the real room's rules, without sockets, and with a
// clock of its own. The same calls give the same game. It is for one goroutine. Package roomtest makes tests of it.
type Simulation struct {
	options Options
	config  SimulationConfig
	room    *core.Room
	game    *game
	now     time.Time
	players []*SimPlayer // in order of their coming
	seats   uint64
	ended   bool
	faults  []error
}

// Simulate makes a room and its game. Nothing happens before the first Step.
func Simulate(o Options, c SimulationConfig) *Simulation {
	s := &Simulation{options: o, config: c, now: time.Unix(1_000_000_000, 0)}
	s.room = core.New(s.coreConfig())
	return s
}

// coreConfig makes a new game, too.
func (s *Simulation) coreConfig() core.Config {
	ref := model.SessionRef{Route: model.RouteName(s.config.Session.Route), Key: model.SessionKey(s.config.Session.Key)}
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], s.config.Seed)
	s.game = newGame(&s.options, ref, seed)
	return core.Config{
		Session: ref, Capacity: s.config.Capacity, Settings: convert.RoomSettingsModel(s.config.Settings),
		Epoch: uint64(s.now.UnixMicro()), Logic: s.game, Flag: s.config.Flag,
		Hooks: core.Hooks{Fault: s.fault, Ended: func() { s.ended = true }},
	}
}

func (s *Simulation) fault(f core.Fault) {
	if f.Slow == 0 { // how fast this machine is says nothing of the game
		s.faults = append(s.faults, fmt.Errorf("%s: %s\n%s", f.In, f.What, f.Stack))
	}
}

// Logic is the game that plays now; nil before the first Step. It is another one after HandOver.
func (s *Simulation) Logic() Logic { return s.game.logic }

// Now is the room's time, as Room.Now.
func (s *Simulation) Now() time.Duration {
	if s.game.room.began.IsZero() {
		return 0
	}
	return s.now.Sub(s.game.room.began)
}

// TickLength is the room's beat.
func (s *Simulation) TickLength() time.Duration { return s.room.Settings().Tick }

// Step is one tick of the room: what players said since the last is played, and they are told what came of it. Works of Room.Go
// are waited for before.
func (s *Simulation) Step() {
	s.room.WaitWorks()
	s.now = s.now.Add(s.TickLength())
	s.room.Tick(s.now)
}

// Advance steps until the time has passed, rounded up to whole ticks.
func (s *Simulation) Advance(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.Step()
	}
}

// Join brings a player with a seat, who is in the room after the next Step, if the game lets it in.
func (s *Simulation) Join(player string) *SimPlayer {
	s.seats++
	p := &SimPlayer{sim: s, player: player, seat: s.seats}
	s.players = append(s.players, p)
	p.connect()
	return p
}

// Players are all that joined, in order.
func (s *Simulation) Players() []*SimPlayer { return s.players }

// Ended tells whether the room ended by itself: by Room.End, because nobody was in it, or by too many panics.
func (s *Simulation) Ended() bool { return s.ended }

// Faults are the game's panics and what Freeze gave in vain.
func (s *Simulation) Faults() []error { return s.faults }

// HandOver moves the room to another server, where a new game restores what the old one froze, and whose clock shows another time. Players
// who are connected come over in its first tick.
func (s *Simulation) HandOver() error {
	s.room.WaitWorks()
	var state []byte
	if err := s.room.Freeze(func(b []byte) { state = b }); err != nil {
		return err
	}
	s.Step()
	if state == nil {
		return errors.New("the room ended before it could be handed over")
	}
	old := s.room
	s.now = s.now.Add(time.Hour)
	next, err := core.Restore(s.coreConfig(), state, true, s.now)
	if err != nil {
		return err
	}
	if err := old.Close(0, "moved", &core.Redirect{}); err != nil {
		return err
	}
	old.Tick(s.now)
	s.room = next
	for _, p := range s.players {
		if p.sentOn {
			p.connect()
		}
	}
	s.Step()
	return nil
}
