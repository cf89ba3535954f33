package wire

import "fmt"

// Record is any record; the concrete types are those of this package.
type Record interface {
	Append(b []byte) []byte
}

// Decode decodes the first record of b, which must not be empty, and answers what is behind it. A record of unknown
// type is nil. After an error nothing of b is of use.
func Decode(b []byte) (r Record, rest []byte, err error) {
	t, body, rest, err := Next(b)
	if err != nil {
		return nil, nil, err
	}
	if r, err = decodeBody(t, body); err != nil {
		return nil, nil, fmt.Errorf("record %02X: %w", byte(t), err)
	}
	return r, rest, nil
}

func decodeBody(t Type, body []byte) (Record, error) {
	switch t {
	case TypeHello:
		return as(DecodeHello(body))
	case TypeSetState:
		return as(DecodeSetState(body))
	case TypeSendEvent:
		return as(DecodeSendEvent(body))
	case TypeSendSignal:
		return as(DecodeSendSignal(body))
	case TypeLeave:
		return Leave{}, nil
	case TypePing:
		return as(DecodePing(body))
	case TypeSendPosition:
		return as(DecodeSendPosition(body))
	case TypeWelcome:
		return as(DecodeWelcome(body))
	case TypeSnapshot:
		return as(DecodeSnapshot(body))
	case TypeState:
		return as(DecodeState(body))
	case TypeEvent:
		return as(DecodeEvent(body))
	case TypeSignal:
		return as(DecodeSignal(body))
	case TypeJoined:
		return as(DecodeJoined(body))
	case TypeLeft:
		return as(DecodeLeft(body))
	case TypeAck:
		return as(DecodeAck(body))
	case TypeReconnect:
		return as(DecodeReconnect(body))
	case TypeResync:
		return as(DecodeResync(body))
	case TypePong:
		return as(DecodePong(body))
	case TypeReject:
		return as(DecodeReject(body))
	case TypePositions:
		return as(DecodePositions(body))
	case TypeOccupancy:
		return as(DecodeOccupancy(body))
	case TypeStaged:
		return as(DecodeStaged(body))
	}
	return nil, nil
}

func as[R Record](r R, err error) (Record, error) { return r, err }
