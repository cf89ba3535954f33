package wire

import "time"

// Welcome (81) answers Hello.
//
//	version 1 byte · flags 1 byte · member uvarint · epoch uvarint · offset uvarint · last seq uvarint ·
//	tick ms uvarint · max message bytes uvarint · route string · key string · player string · position step uvarint ·
//	far every ms uvarint
type Welcome struct {
	Recovered       bool // the events after Hello's offset follow
	Interest        bool // members are told of as they come into sight and leave it; owned states and positions with them
	Member          uint64
	Epoch           uint64
	Offset          uint64 // the next event this connection receives is Offset+1
	LastSeq         uint64
	Tick            time.Duration // in whole milliseconds
	MaxMessageBytes int
	Route           string
	Key             string
	Player          string
	PositionStep    uint64        // millionths of the room's unit of length that a position counts in
	FarEvery        time.Duration // in whole milliseconds: between two positions of a far member; 0: there is no far ring
}

// Append encodes the record onto b.
func (r Welcome) Append(b []byte) []byte {
	b, at := begin(b, TypeWelcome)
	b = append(b, Version, flag(r.Recovered, 1)|flag(r.Interest, 2))
	b = AppendUvarint(b, r.Member)
	b = AppendUvarint(b, r.Epoch)
	b = AppendUvarint(b, r.Offset)
	b = AppendUvarint(b, r.LastSeq)
	b = AppendUvarint(b, uint64(r.Tick/time.Millisecond))
	b = AppendUvarint(b, uint64(r.MaxMessageBytes))
	b = AppendBytes(b, r.Route)
	b = AppendBytes(b, r.Key)
	b = AppendBytes(b, r.Player)
	b = AppendUvarint(b, r.PositionStep)
	return finish(AppendUvarint(b, uint64(r.FarEvery/time.Millisecond)), at)
}

// DecodeWelcome decodes a Welcome's body.
func DecodeWelcome(body []byte) (Welcome, error) {
	d := Decoder{b: body}
	if d.Byte() != Version {
		d.fail(ErrVersion)
	}
	flags := d.Byte()
	r := Welcome{Recovered: flags&1 != 0, Interest: flags&2 != 0}
	r.Member, r.Epoch, r.Offset, r.LastSeq = d.Uvarint(), d.Uvarint(), d.Uvarint(), d.Uvarint()
	r.Tick = time.Duration(min(d.Uvarint(), 1<<20)) * time.Millisecond
	r.MaxMessageBytes = int(min(d.Uvarint(), MaxRecordBytes))
	r.Route, r.Key, r.Player = d.String(MaxPlayer), d.String(MaxPlayer), d.String(MaxPlayer)
	r.PositionStep = d.Uvarint()
	r.FarEvery = time.Duration(min(d.Uvarint(), 1<<20)) * time.Millisecond
	return r, d.err
}

// Member is one entry of a snapshot's list of members.
type Member struct {
	Member uint64
	Player string
}

// Entry is one kept state of a snapshot.
type Entry struct {
	Key     string
	Owner   uint64
	Version uint64
	Flags   StateFlags
	Value   []byte
}

// Snapshot (82) is the room as it is, in one or more parts; the first part empties what the client had before.
//
//	flags 1 byte (1 first part, 2 last part) · epoch uvarint · offset uvarint ·
//	n uvarint · n × (member uvarint · player string) ·
//	n uvarint · n × (key string · owner uvarint · version uvarint · flags 1 byte · value bytes)
type Snapshot struct {
	First, Last bool
	Epoch       uint64
	Offset      uint64
	Members     []Member
	Entries     []Entry
}

// Append encodes the record onto b.
func (r Snapshot) Append(b []byte) []byte {
	b, at := begin(b, TypeSnapshot)
	b = append(b, flag(r.First, 1)|flag(r.Last, 2))
	b = AppendUvarint(b, r.Epoch)
	b = AppendUvarint(b, r.Offset)
	b = AppendUvarint(b, uint64(len(r.Members)))
	for _, m := range r.Members {
		b = AppendBytes(AppendUvarint(b, m.Member), m.Player)
	}
	b = AppendUvarint(b, uint64(len(r.Entries)))
	for _, e := range r.Entries {
		b = AppendBytes(b, e.Key)
		b = AppendUvarint(b, e.Owner)
		b = AppendUvarint(b, e.Version)
		b = AppendBytes(append(b, byte(e.Flags)), e.Value)
	}
	return finish(b, at)
}

// DecodeSnapshot decodes a Snapshot's body.
func DecodeSnapshot(body []byte) (Snapshot, error) {
	d := Decoder{b: body}
	flags := d.Byte()
	r := Snapshot{First: flags&1 != 0, Last: flags&2 != 0, Epoch: d.Uvarint(), Offset: d.Uvarint()}
	if n := d.Count(2); n > 0 {
		r.Members = make([]Member, n)
	}
	for i := range r.Members {
		r.Members[i] = Member{Member: d.Uvarint(), Player: d.String(MaxPlayer)}
	}
	if n := d.Count(5); n > 0 {
		r.Entries = make([]Entry, n)
	}
	for i := range r.Entries {
		r.Entries[i] = Entry{
			Key: d.String(MaxName), Owner: d.Uvarint(), Version: d.Uvarint(),
			Flags: StateFlags(d.Byte()), Value: d.Bytes(len(body)),
		}
	}
	return r, d.err
}

// State (83) is a key's new value.
//
//	owner uvarint · version uvarint · flags 1 byte · key string · value bytes
type State struct {
	Owner   uint64 // the member that wrote it last
	Version uint64 // rises with every change in the room; never used twice
	Flags   StateFlags
	Key     string
	Value   []byte
}

// Append encodes the record onto b.
func (r State) Append(b []byte) []byte {
	b, at := begin(b, TypeState)
	b = AppendUvarint(b, r.Owner)
	b = AppendUvarint(b, r.Version)
	b = AppendBytes(append(b, byte(r.Flags)), r.Key)
	return finish(AppendBytes(b, r.Value), at)
}

// DecodeState decodes a State's body of the room.
func DecodeState(body []byte) (State, error) {
	d := Decoder{b: body}
	r := State{Owner: d.Uvarint(), Version: d.Uvarint(), Flags: StateFlags(d.Byte()), Key: d.String(MaxName), Value: d.Bytes(len(body))}
	return r, d.err
}

// Event (84) is one event.
//
//	offset uvarint · from member uvarint · name string · payload bytes
type Event struct {
	Offset  uint64
	From    uint64
	Name    string
	Payload []byte
}

// Append encodes the record onto b.
func (r Event) Append(b []byte) []byte {
	b, at := begin(b, TypeEvent)
	b = AppendUvarint(b, r.Offset)
	b = AppendUvarint(b, r.From)
	b = AppendBytes(b, r.Name)
	return finish(AppendBytes(b, r.Payload), at)
}

// DecodeEvent decodes an Event's body of the room.
func DecodeEvent(body []byte) (Event, error) {
	d := Decoder{b: body}
	r := Event{Offset: d.Uvarint(), From: d.Uvarint(), Name: d.String(MaxName), Payload: d.Bytes(len(body))}
	return r, d.err
}

// Signal (85) is a signal to this member.
//
//	from member uvarint · name string · payload bytes
type Signal struct {
	From    uint64
	Name    string
	Payload []byte
}

// Append encodes the record onto b.
func (r Signal) Append(b []byte) []byte {
	b, at := begin(b, TypeSignal)
	b = AppendUvarint(b, r.From)
	b = AppendBytes(b, r.Name)
	return finish(AppendBytes(b, r.Payload), at)
}

// DecodeSignal decodes a Signal's body of the room.
func DecodeSignal(body []byte) (Signal, error) {
	d := Decoder{b: body}
	r := Signal{From: d.Uvarint(), Name: d.String(MaxName), Payload: d.Bytes(len(body))}
	return r, d.err
}
