package mqtt

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
)

// script is a connection whose peer says what is in it, then hangs up, and takes all it is told.
type script struct {
	net.Conn
	say []byte

	mu   sync.Mutex
	told []byte
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.say) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.say)
	s.say = s.say[n:]
	return n, nil
}

func (s *script) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, b...)
	return len(b), nil
}

func (s *script) Close() error                    { return nil }
func (s *script) SetDeadline(time.Time) error     { return nil }
func (s *script) SetReadDeadline(time.Time) error { return nil }

// Whatever a client says, over two connections of a session, it is told whole packets and nothing panics.
func FuzzConversation(f *testing.F) {
	hear := string([]byte{0x82, 0x0a, 0, 1, 0, 0, 4}) + "#/#" // no filter at all
	all := string([]byte{0x82, 7, 0, 2, 0, 0, 1, '#', 2})
	some := "\x34\x0d\x00\x07r/k/e/x\x00\x05\x00" + "hi"
	f.Add(true, []byte(all+some+"\x62\x02\x00\x05"), []byte("\x50\x02\x00\x01\x70\x02\x00\x01\xc0\x00"))
	f.Add(true, []byte(hear), []byte(all+"\x32\x1a\x00\x07r/k/s/y\x00\x07\x0c\x26\x00\x05owned\x00\x011\x01\x01v\xe0\x00"))
	f.Add(false, []byte("\x82\x07\x00\x02\x00\x01#\x01"), []byte("\x33\x0b\x00\x07r/k/s/y\x00\x07\xa2\x05\x00\x03\x00\x01#"))
	f.Add(true, []byte("\x82\x12\x00\x02\x02\x0b\x09\x00\x0c$share/g/#\x01"), []byte("\x30\x0e\x00\x07r/k/e/a\x03\x23\x00\x01x"))
	f.Fuzz(func(t *testing.T, five bool, first, second []byte) {
		level := byte(level311)
		if five {
			level = level5
		}
		w := &world{t: t, seats: map[string]uint64{}, door: &Door{}}
		w.room = room.New(room.Config{
			Session: model.SessionRef{Route: "plaza", Key: "k"}, Epoch: 1,
			Settings: model.RoomSettings{MaxMessageBytes: 1000, MaxMemberQueueBytes: 4000},
		})
		w.door.Gate = w
		for _, said := range [][]byte{first, second} {
			s := &script{say: append(connectAs(level), said...)}
			done := make(chan struct{})
			go func() {
				defer close(done)
				w.door.ServeConn(s)
			}()
			for ended := false; !ended; {
				select {
				case <-done:
					ended = true
				default:
					w.room.Tick(time.Now())
					runtime.Gosched()
				}
			}
			w.room.Tick(time.Now())
			for in := bytes.NewReader(s.told); five && in.Len() > 0; {
				h, err := readHeader(in, 200)
				if err != nil {
					t.Fatalf("told a packet of more than 200 bytes: %x", s.told)
				}
				_, _ = in.Seek(int64(h.size), io.SeekCurrent)
			}
			(&reading{t: t, level: level, aliases: map[uint16]string{}, most: 4}).all(s.told)
		}
	})
}

// connectAs is CONNECT of a session that goes on, with a receive maximum, aliases and a packet size that bite in MQTT 5.
func connectAs(level byte) []byte {
	body := append(appendText(nil, "MQTT"), level, 0xc0, 0, 0)
	if level == level5 {
		props := u32(propSessionExpiry, 30) + u16(propReceiveMax, 2) + u16(propTopicAliasMax, 4) + u32(propMaxPacket, 200)
		body = append(append(body, byte(len(props))), props...)
	}
	return appendPacket(nil, typeConnect, appendText(appendText(appendText(body, "ann"), "ann"), "ann"))
}
