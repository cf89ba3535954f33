package mqtt

import (
	"bytes"
	"errors"
	"testing"
)

// list makes a property list of properties that are encoded.
func list(all ...string) []byte {
	var b []byte
	for _, p := range all {
		b = append(b, p...)
	}
	return append(appendVarint(nil, len(b)), b...)
}

// What is passed on is passed on as it was, in its order; the rest is not.
func TestPassedOn(t *testing.T) {
	a, b := "\x26\x00\x01a\x00\x011", "\x26\x00\x01a\x00\x012"
	format, kind, reply, data := "\x01\x01", "\x03\x00\x04text", "\x08\x00\x03r/x", "\x09\x00\x02\x00\xff"
	r := reader{b: list(b, format, "\x02\x00\x00\x00\x09", a, kind, "\x23\x00\x07", reply, data, b)}
	p := r.properties(typePublish)
	if want := b + format + a + kind + reply + data + b; r.err != nil || string(p.pass) != want {
		t.Errorf("passed on %q, want %q, %v", p.pass, want, r.err)
	}
	if p.expiry != 9 || p.alias != 7 || !p.format || !p.has(propExpiry) || p.has(propReason) {
		t.Errorf("read as %+v", p)
	}
	r = reader{b: list("\x26\x00\x05owned\x00\x011", "\x26\x00\x05check\x00\x0217")}
	p = r.properties(typePublish)
	if v, err := p.version(); !p.owned || v != 17 || err != nil {
		t.Errorf("owned %v, check %d, %v", p.owned, v, err)
	}
}

func TestBadProperties(t *testing.T) {
	for what, c := range map[string]struct {
		packet byte
		list   []byte
		want   error
	}{
		"unknown":                    {typePublish, list("\x7f\x00"), errMalformed},
		"of another packet":          {typePublish, list("\x21\x00\x01"), errMalformed},
		"a server's":                 {typeConnect, list("\x12\x00\x01a"), errMalformed},
		"too short":                  {typePublish, list("\x02\x00"), errMalformed},
		"longer than the packet":     {typePublish, []byte{5, 1, 1}, errMalformed},
		"a broken text":              {typePublish, list("\x03\x00\x01\xff"), errMalformed},
		"U+0000":                     {typePublish, list("\x26\x00\x01\x00\x00\x01a"), errMalformed},
		"twice":                      {typePublish, list("\x02\x00\x00\x00\x01", "\x02\x00\x00\x00\x01"), errBreach},
		"neither 0 nor 1":            {typePublish, list("\x01\x02"), errBreach},
		"receive maximum 0":          {typeConnect, list("\x21\x00\x00"), errBreach},
		"maximum packet size 0":      {typeConnect, list("\x27\x00\x00\x00\x00"), errBreach},
		"subscription identifier 0":  {typeSubscribe, list("\x0b\x00"), errBreach},
		"a response topic's pattern": {typePublish, list("\x08\x00\x01#"), errBreach},
		"no response topic":          {typeWill, list("\x08\x00\x00"), errBreach},
	} {
		r := reader{b: c.list}
		if r.properties(c.packet); !errors.Is(r.err, c.want) {
			t.Errorf("%s: %v, want %v", what, r.err, c.want)
		}
	}
	r := reader{b: bytes.Repeat([]byte{0xff}, 5)}
	if r.properties(typePublish); !errors.Is(r.err, errMalformed) {
		t.Errorf("a length of five bytes: %v", r.err)
	}
}

// A property belongs to some packets only (§2.2.2.2).
func TestWherePropertiesBelong(t *testing.T) {
	for id, packets := range map[int][]byte{
		propFormat: {typePublish, typeWill}, propExpiry: {typePublish, typeWill}, propContentType: {typePublish, typeWill},
		propResponseTopic: {typePublish, typeWill}, propCorrelation: {typePublish, typeWill},
		propSubscriptionID: {typePublish, typeSubscribe}, propSessionExpiry: {typeConnect, typeDisconnect},
		propAssignedID: {}, propServerKeepAlive: {}, propAuthMethod: {typeConnect, typeAuth}, propAuthData: {typeConnect, typeAuth},
		propRequestProblem: {typeConnect}, propWillDelay: {typeWill}, propRequestResponse: {typeConnect}, propResponseInfo: {},
		propServerReference: {}, propReason: {typePuback, typePubrec, typePubrel, typePubcomp, typeDisconnect, typeAuth},
		propReceiveMax: {typeConnect}, propTopicAliasMax: {typeConnect}, propTopicAlias: {typePublish}, propMaxQoS: {},
		propRetainAvailable: {}, propMaxPacket: {typeConnect}, propWildcardSubs: {}, propSubscriptionIDs: {}, propSharedSubs: {},
		propUser: {
			typeWill, typeConnect, typePublish, typePuback, typePubrec, typePubrel, typePubcomp, typeSubscribe, typeUnsubscribe,
			typeDisconnect, typeAuth,
		},
		0: {}, 4: {}, 0x2b: {}, 63: {}, 64: {}, 300: {},
	} {
		for _, packet := range []byte{
			typeWill, typeConnect, typePublish, typePuback, typePubrec, typePubrel, typePubcomp, typeSubscribe, typeUnsubscribe,
			typeDisconnect, typeAuth,
		} {
			if _, allowed := propertyRule(id, packet); allowed != bytes.Contains(packets, []byte{packet}) {
				t.Errorf("property %#x in packet %d: %v", id, packet, allowed)
			}
		}
	}
}
