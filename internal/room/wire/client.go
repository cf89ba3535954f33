package wire

import "time"

// Hello (01) opens a connection; flag 1 asks to resume at Epoch and Offset.
//
//	version 1 byte · flags 1 byte · epoch uvarint · offset uvarint · ticket string
type Hello struct {
	Resume bool
	Epoch  uint64
	Offset uint64
	Ticket string
}

// Append encodes the record onto b.
func (r Hello) Append(b []byte) []byte {
	b, at := begin(b, TypeHello)
	b = append(b, Version, flag(r.Resume, 1))
	b = AppendUvarint(b, r.Epoch)
	b = AppendUvarint(b, r.Offset)
	return finish(AppendBytes(b, r.Ticket), at)
}

// DecodeHello decodes a Hello's body.
func DecodeHello(body []byte) (Hello, error) {
	d := Decoder{b: body}
	if d.Byte() != Version {
		d.fail(ErrVersion)
	}
	flags := d.Byte()
	r := Hello{Resume: flags&1 != 0, Epoch: d.Uvarint(), Offset: d.Uvarint(), Ticket: d.String(MaxTicket)}
	return r, d.err
}

// SetState (02) is a client's wish for a key.
//
//	seq uvarint · flags 1 byte · [expected version uvarint, if Check] · ttl ms uvarint · key string · value bytes
type SetState struct {
	Seq    uint64
	Flags  StateFlags
	Expect uint64        // with Check: the version the key must have; 0: it must not exist
	TTL    time.Duration // in whole milliseconds; 0: none
	Key    string
	Value  []byte
}

// Append encodes the record onto b.
func (r SetState) Append(b []byte) []byte {
	b, at := begin(b, TypeSetState)
	b = AppendUvarint(b, r.Seq)
	b = append(b, byte(r.Flags))
	if r.Flags&Check != 0 {
		b = AppendUvarint(b, r.Expect)
	}
	b = AppendUvarint(b, uint64(r.TTL/time.Millisecond))
	b = AppendBytes(b, r.Key)
	return finish(AppendBytes(b, r.Value), at)
}

// MaxTTL bounds a state's time to live; longer ones are cut to it.
const MaxTTL = 365 * 24 * time.Hour

// DecodeSetState decodes a State's body of the client. Whether the key is allowed is the room's to say.
func DecodeSetState(body []byte) (SetState, error) {
	d := Decoder{b: body}
	r := SetState{Seq: d.Uvarint(), Flags: StateFlags(d.Byte())}
	if r.Flags&Check != 0 {
		r.Expect = d.Uvarint()
	}
	r.TTL = time.Duration(min(d.Uvarint(), uint64(MaxTTL/time.Millisecond))) * time.Millisecond
	r.Key, r.Value = d.String(len(body)), d.Bytes(len(body))
	if r.Flags&Delete != 0 && len(r.Value) > 0 {
		d.fail(ErrBadFlags)
	}
	return r, d.err
}

// SendEvent (03) is an event from a client.
//
//	seq uvarint · name string · payload bytes
type SendEvent struct {
	Seq     uint64
	Name    string
	Payload []byte
}

// Append encodes the record onto b.
func (r SendEvent) Append(b []byte) []byte {
	b, at := begin(b, TypeSendEvent)
	b = AppendUvarint(b, r.Seq)
	b = AppendBytes(b, r.Name)
	return finish(AppendBytes(b, r.Payload), at)
}

// DecodeSendEvent decodes an Event's body of the client.
func DecodeSendEvent(body []byte) (SendEvent, error) {
	d := Decoder{b: body}
	r := SendEvent{Seq: d.Uvarint(), Name: d.String(len(body)), Payload: d.Bytes(len(body))}
	return r, d.err
}

// SendSignal (04) is a signal from a client to the members named.
//
//	seq uvarint · n uvarint · n × member uvarint · name string · payload bytes
type SendSignal struct {
	Seq     uint64
	To      []uint64 // at most MaxTargets
	Name    string
	Payload []byte
}

// Append encodes the record onto b.
func (r SendSignal) Append(b []byte) []byte {
	b, at := begin(b, TypeSendSignal)
	b = AppendUvarint(b, r.Seq)
	b = AppendUvarint(b, uint64(len(r.To)))
	for _, m := range r.To {
		b = AppendUvarint(b, m)
	}
	b = AppendBytes(b, r.Name)
	return finish(AppendBytes(b, r.Payload), at)
}

// DecodeSendSignal decodes a Signal's body of the client.
func DecodeSendSignal(body []byte) (SendSignal, error) {
	d := Decoder{b: body}
	r := SendSignal{Seq: d.Uvarint()}
	n := d.Count(1)
	if n > MaxTargets {
		d.fail(ErrTooMany)
		n = 0
	}
	if n > 0 {
		r.To = make([]uint64, n)
	}
	for i := range r.To {
		r.To[i] = d.Uvarint()
	}
	r.Name, r.Payload = d.String(len(body)), d.Bytes(len(body))
	return r, d.err
}

// Leave (05) gives the seat back at once. Its body is empty.
type Leave struct{}

// Append encodes the record onto b.
func (Leave) Append(b []byte) []byte { return append(b, byte(TypeLeave), 0) }

// Ping (06) asks for a Pong with the same nonce.
//
//	nonce uvarint
type Ping struct{ Nonce uint64 }

// Append encodes the record onto b.
func (r Ping) Append(b []byte) []byte { return appendNumber(b, TypePing, r.Nonce) }

// DecodePing decodes a Ping's body.
func DecodePing(body []byte) (Ping, error) {
	d := Decoder{b: body}
	return Ping{Nonce: d.Uvarint()}, d.err
}

func appendNumber(b []byte, t Type, v uint64) []byte {
	b, at := begin(b, t)
	return finish(AppendUvarint(b, v), at)
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}
