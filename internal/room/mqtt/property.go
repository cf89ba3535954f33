package mqtt

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// Property identifiers of MQTT 5 (§2.2.2.2).
const (
	propFormat          = 0x01
	propExpiry          = 0x02
	propContentType     = 0x03
	propResponseTopic   = 0x08
	propCorrelation     = 0x09
	propSubscriptionID  = 0x0b
	propSessionExpiry   = 0x11
	propAssignedID      = 0x12
	propServerKeepAlive = 0x13
	propAuthMethod      = 0x15
	propAuthData        = 0x16
	propRequestProblem  = 0x17
	propWillDelay       = 0x18
	propRequestResponse = 0x19
	propResponseInfo    = 0x1a
	propServerReference = 0x1c
	propReason          = 0x1f
	propReceiveMax      = 0x21
	propTopicAliasMax   = 0x22
	propTopicAlias      = 0x23
	propMaxQoS          = 0x24
	propRetainAvailable = 0x25
	propUser            = 0x26
	propMaxPacket       = 0x27
	propWildcardSubs    = 0x28
	propSubscriptionIDs = 0x29
	propSharedSubs      = 0x2a
)

// User properties that mean something here.
const (
	userOwned = "owned" // 1: the state goes with its owner
	userCheck = "check" // the version the key must have
)

// typeWill stands for the will's properties, which have a list of their own in CONNECT.
const typeWill = 0

// Shapes of a property's value.
type shape byte

const (
	shapeNone shape = iota
	shapeFlag
	shapeU16
	shapeU32
	shapeVarint
	shapeText
	shapeBinary
	shapePair
)

// propertyRule tells a property's shape and whether a client's packet of that type may hold it.
func propertyRule(id int, packet byte) (s shape, allowed bool) {
	message := packet == typePublish || packet == typeWill
	connect := packet == typeConnect
	switch id {
	case propFormat:
		return shapeFlag, message
	case propExpiry:
		return shapeU32, message
	case propContentType, propResponseTopic:
		return shapeText, message
	case propCorrelation:
		return shapeBinary, message
	case propSubscriptionID:
		return shapeVarint, packet == typeSubscribe || packet == typePublish
	case propSessionExpiry:
		return shapeU32, connect || packet == typeDisconnect
	case propAuthMethod:
		return shapeText, connect || packet == typeAuth
	case propAuthData:
		return shapeBinary, connect || packet == typeAuth
	case propRequestProblem, propRequestResponse:
		return shapeFlag, connect
	case propWillDelay:
		return shapeU32, packet == typeWill
	case propReason:
		return shapeText, !message && !connect && packet != typeSubscribe && packet != typeUnsubscribe
	case propReceiveMax, propTopicAliasMax:
		return shapeU16, connect
	case propTopicAlias:
		return shapeU16, packet == typePublish
	case propUser:
		return shapePair, true
	case propMaxPacket:
		return shapeU32, connect
	}
	return shapeNone, false // what only a server sends, and what there is not
}

// properties are those of a client's packet.
type properties struct {
	given          uint64 // a bit for each identifier that stood there
	format         bool   // the payload is UTF-8
	expiry         uint32 // of a message, in seconds
	sessionExpiry  uint32 // seconds
	willDelay      uint32 // seconds
	receiveMax     uint16
	aliasMax       uint16
	alias          uint16
	maxPacket      uint32
	subscriptionID int
	noProblems     bool // no reason strings but in CONNACK and DISCONNECT
	wantResponse   bool // response information
	owned          bool // user property owned=1
	check          string
	pass           []byte // those that are passed on, encoded, in their order
}

// has tells whether a property was given.
func (p *properties) has(id byte) bool { return p.given&(1<<id) != 0 }

// properties reads the property list of a packet of that type.
func (r *reader) properties(packet byte) properties {
	var p properties
	in := reader{b: r.take(r.varint())}
	for len(in.b) > 0 && in.err == nil {
		before := in.b
		id := in.varint()
		s, allowed := propertyRule(id, packet)
		switch {
		case !allowed:
			in.fail("a property that does not belong there")
		case p.given&(1<<id) != 0 && id != propUser:
			in.breach("a property that stands there twice")
		default:
			p.given |= 1 << id
			in.property(byte(id), s, &p)
		}
		switch id {
		case propFormat, propContentType, propResponseTopic, propCorrelation, propUser:
			p.pass = append(p.pass, before[:len(before)-len(in.b)]...)
		}
	}
	if in.err != nil && r.err == nil {
		r.err, r.b = in.err, nil
	}
	return p
}

func (r *reader) property(id byte, s shape, p *properties) {
	switch s {
	case shapeFlag:
		r.flag(id, p)
	case shapeU16:
		r.number(id, uint32(r.u16()), p)
	case shapeU32:
		r.number(id, r.u32(), p)
	case shapeVarint:
		if p.subscriptionID = r.varint(); p.subscriptionID == 0 {
			r.breach("subscription identifier 0")
		}
	case shapeText:
		if v := r.text(); id == propResponseTopic && (v == "" || strings.ContainsAny(v, "+#")) {
			r.breach("a response topic that is no topic name")
		}
	case shapeBinary:
		r.binary()
	case shapePair:
		name, value := r.text(), r.text()
		switch name {
		case userOwned:
			p.owned = value == "1"
		case userCheck:
			p.check = value
		}
	}
}

func (r *reader) flag(id byte, p *properties) {
	v := r.u8()
	if v > 1 {
		r.breach("a property that is neither 0 nor 1")
	}
	switch id {
	case propFormat:
		p.format = v == 1
	case propRequestProblem:
		p.noProblems = v == 0
	case propRequestResponse:
		p.wantResponse = v == 1
	}
}

func (r *reader) number(id byte, v uint32, p *properties) {
	switch id {
	case propExpiry:
		p.expiry = v
	case propSessionExpiry:
		p.sessionExpiry = v
	case propWillDelay:
		p.willDelay = v
	case propTopicAliasMax:
		p.aliasMax = uint16(v)
	case propTopicAlias:
		p.alias = uint16(v)
	case propReceiveMax:
		if p.receiveMax = uint16(v); v == 0 {
			r.breach("a receive maximum of 0")
		}
	case propMaxPacket:
		if p.maxPacket = v; v == 0 {
			r.breach("a maximum packet size of 0")
		}
	}
}

// version reads the version that the user property check names.
func (p *properties) version() (v uint64, err error) { return strconv.ParseUint(p.check, 10, 64) }

func appendU16Property(b []byte, id byte, v uint16) []byte {
	return binary.BigEndian.AppendUint16(append(b, id), v)
}

func appendU32Property(b []byte, id byte, v uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, id), v)
}

func appendTextProperty(b []byte, id byte, v string) []byte {
	return appendText(append(b, id), v)
}

func appendUserProperty(b []byte, name, value string) []byte {
	return appendText(appendText(append(b, propUser), name), value)
}
