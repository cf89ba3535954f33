package wire

import "time"

// Joined (86) tells of a new member.
//
//	member uvarint · player string
type Joined struct {
	Member uint64
	Player string
}

// Append encodes the record onto b.
func (r Joined) Append(b []byte) []byte {
	b, at := begin(b, TypeJoined)
	b = AppendUvarint(b, r.Member)
	return finish(AppendBytes(b, r.Player), at)
}

// DecodeJoined decodes a Joined's body.
func DecodeJoined(body []byte) (Joined, error) {
	d := Decoder{b: body}
	r := Joined{Member: d.Uvarint(), Player: d.String(MaxPlayer)}
	return r, d.err
}

// Left (87) tells that a member's seat was released.
//
//	member uvarint
type Left struct{ Member uint64 }

// Append encodes the record onto b.
func (r Left) Append(b []byte) []byte { return appendNumber(b, TypeLeft, r.Member) }

// DecodeLeft decodes a Left's body.
func DecodeLeft(body []byte) (Left, error) {
	d := Decoder{b: body}
	return Left{Member: d.Uvarint()}, d.err
}

// Ack (88): everything up to Seq was taken or rejected.
//
//	seq uvarint
type Ack struct{ Seq uint64 }

// Append encodes the record onto b.
func (r Ack) Append(b []byte) []byte { return appendNumber(b, TypeAck, r.Seq) }

// DecodeAck decodes an Ack's body.
func DecodeAck(body []byte) (Ack, error) {
	d := Decoder{b: body}
	return Ack{Seq: d.Uvarint()}, d.err
}

// Reconnect (89) sends the client elsewhere. An empty URL or Ticket: join again for them.
//
//	after ms uvarint · url string · ticket string · reason string
type Reconnect struct {
	After  time.Duration // in whole milliseconds
	URL    string
	Ticket string
	Reason string
}

// Append encodes the record onto b.
func (r Reconnect) Append(b []byte) []byte {
	b, at := begin(b, TypeReconnect)
	b = AppendUvarint(b, uint64(r.After/time.Millisecond))
	b = AppendBytes(b, r.URL)
	b = AppendBytes(b, r.Ticket)
	return finish(AppendBytes(b, r.Reason), at)
}

// DecodeReconnect decodes a Reconnect's body.
func DecodeReconnect(body []byte) (Reconnect, error) {
	d := Decoder{b: body}
	r := Reconnect{After: time.Duration(min(d.Uvarint(), 1<<32)) * time.Millisecond}
	r.URL, r.Ticket, r.Reason = d.String(MaxSentence), d.String(MaxTicket), d.String(MaxSentence)
	return r, d.err
}

// Resync (8A): a Snapshot follows; events up to its offset are lost to this member.
//
//	reason string
type Resync struct{ Reason string }

// Append encodes the record onto b.
func (r Resync) Append(b []byte) []byte {
	b, at := begin(b, TypeResync)
	return finish(AppendBytes(b, r.Reason), at)
}

// DecodeResync decodes a Resync's body.
func DecodeResync(body []byte) (Resync, error) {
	d := Decoder{b: body}
	return Resync{Reason: d.String(MaxSentence)}, d.err
}

// Pong (8B) answers Ping.
//
//	nonce uvarint
type Pong struct{ Nonce uint64 }

// Append encodes the record onto b.
func (r Pong) Append(b []byte) []byte { return appendNumber(b, TypePong, r.Nonce) }

// DecodePong decodes a Pong's body.
func DecodePong(body []byte) (Pong, error) {
	d := Decoder{b: body}
	return Pong{Nonce: d.Uvarint()}, d.err
}

// Reject (8C): the message Seq was not taken.
//
//	seq uvarint · code uvarint · sentence string
type Reject struct {
	Seq      uint64
	Code     RejectCode
	Sentence string
}

// Append encodes the record onto b.
func (r Reject) Append(b []byte) []byte {
	b, at := begin(b, TypeReject)
	b = AppendUvarint(b, r.Seq)
	b = AppendUvarint(b, uint64(r.Code))
	return finish(AppendBytes(b, r.Sentence), at)
}

// DecodeReject decodes a Reject's body.
func DecodeReject(body []byte) (Reject, error) {
	d := Decoder{b: body}
	r := Reject{Seq: d.Uvarint(), Code: RejectCode(d.Uvarint()), Sentence: d.String(MaxSentence)}
	return r, d.err
}
