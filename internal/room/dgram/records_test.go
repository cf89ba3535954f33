package dgram

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"greenroom.dev/greenroom/internal/room/wire"
	"pgregory.net/rapid"
)

func TestRecordsComeWholeHoweverTheStreamIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want, got []string
		for i := range rapid.IntRange(0, 12).Draw(t, "records") {
			e := wire.Event{Offset: uint64(i), Name: "n", Payload: make([]byte, rapid.SampledFrom([]int{0, 3, 200, 2000}).Draw(t, "bytes"))}
			stream = e.Append(stream)
			want = append(want, fmt.Sprint(i, len(e.Payload)))
		}
		r := Records{Limit: 4096}
		for at := 0; at < len(stream); {
			n := min(rapid.IntRange(1, 1500).Draw(t, "cut"), len(stream)-at)
			err := r.Add(stream[at:at+n:at+n], func(_ wire.Type, body []byte) error {
				e, err := wire.DecodeEvent(body)
				got = append(got, fmt.Sprint(e.Offset, len(e.Payload)))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			at += n
		}
		if !reflect.DeepEqual(got, want) || r.Taken != uint64(len(stream)) {
			t.Fatalf("got %v, want %v; %d of %d bytes", got, want, r.Taken, len(stream))
		}
	})
}

func TestARecordThatIsTooLongIsNotWaitedFor(t *testing.T) {
	r := Records{Limit: 100}
	if err := r.Add([]byte{2, 101}, nil); !errors.Is(err, wire.ErrTooLong) {
		t.Fatal(err)
	}
	r = Records{Limit: 100}
	if err := r.Add(append([]byte{2}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), nil); !errors.Is(err, wire.ErrUvarint) {
		t.Fatal(err)
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(wire.Event{Offset: 1, Name: "n"}.Append(nil), 3)
	f.Add([]byte{2, 0x80, 0x80}, 1)
	f.Add([]byte{2, 5, 1}, 2)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		if cut < 0 || cut > len(b) {
			return
		}
		var whole, parts []string
		note := func(to *[]string) func(wire.Type, []byte) error {
			return func(t wire.Type, body []byte) error {
				*to = append(*to, fmt.Sprintf("%d %x", t, body))
				return nil
			}
		}
		one, two := Records{Limit: 1000}, Records{Limit: 1000}
		err := one.Add(b, note(&whole))
		err2 := two.Add(b[:cut], note(&parts))
		if err2 == nil {
			err2 = two.Add(b[cut:], note(&parts))
		}
		if (err == nil) != (err2 == nil) || !reflect.DeepEqual(whole, parts) {
			t.Fatalf("whole %v %v, in parts %v %v", whole, err, parts, err2)
		}
		if len(one.partial) > 1000+11 {
			t.Fatalf("%d bytes are kept", len(one.partial))
		}
	})
}
