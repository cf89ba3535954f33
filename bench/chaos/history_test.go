//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// told writes a history as one line a step: CALL-RETURN what; the steps are all of one session unless they say otherwise.
// RETURN … is forever.
//
//	1-3   join ann 1 on a, seat x
//	4-5   join bob 2 unknown
//	6-7   enter ann | leave ann | lapse ann
//	8-9   harm a
//	8-9   forget
func told(t *testing.T, text string) (history []op) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		words := strings.Fields(strings.ReplaceAll(line, ",", ""))
		call, ret, _ := strings.Cut(words[0], "-")
		number := func(s string) int64 {
			if s == "…" {
				return forever
			}
			d, err := time.ParseDuration(s + "ns")
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			return int64(d)
		}
		o := op{Client: i, Do: words[1], Key: "meet/k", Call: number(call), Return: number(ret)}
		switch {
		case o.Do == doHarm:
			o.Key, o.Server = "", words[2]
		case o.Do == doForget:
			o.Key = ""
		default:
			o.Player = words[2]
		}
		if o.Do == doJoin {
			o.Request, o.Outcome = words[3], words[4]
			if o.Outcome == "on" {
				o.Outcome, o.Server, o.Seat = seated, words[5], words[7]
			}
		}
		history = append(history, o)
	}
	return history
}

func TestTheModelKnowsRightFromWrong(t *testing.T) {
	for name, c := range map[string]struct {
		story string
		right bool
	}{
		"two meet": {"1-2 join ann 1 on a, seat x\n3-4 join bob 2 on a, seat y", true},
		"I1: one session on two servers": {
			"1-2 join ann 1 on a, seat x\n3-4 join bob 2 on b, seat y", false,
		},
		"it does not matter who was first of two at once": {
			"1-9 join ann 1 on b, seat x\n2-3 join bob 2 on a, seat y\n4-5 leave bob", true,
		},
		"I1: two at once, and both stay": {"1-9 join ann 1 on b, seat x\n2-3 join bob 2 on a, seat y", false},
		"an empty session may be made anew elsewhere": {
			"1-2 join ann 1 on a, seat x\n3-4 leave ann\n5-6 join bob 2 on b, seat y", true,
		},
		"a seat that was let go of may still be held": {
			"1-2 join ann 1 on a, seat x\n3-… lapse ann\n5-6 join bob 2 on a, seat y", true,
		},
		"and may not": {
			"1-2 join ann 1 on a, seat x\n3-… lapse ann\n5-6 join bob 2 on b, seat y", true,
		},
		"I2: three seats of two": {
			"1-2 join ann 1 on a, seat x\n3-4 join bob 2 on a, seat y\n5-6 join cid 3 on a, seat z", false,
		},
		"three seats of two, one after another": {
			"1-2 join ann 1 on a, seat x\n3-4 join bob 2 on a, seat y\n5-6 leave bob\n7-8 join cid 3 on a, seat z", true,
		},
		"a repeat gives the same seat": {"1-2 join ann 1 on a, seat x\n3-4 join ann 1 on a, seat x", true},
		"a repeat gives a second seat": {"1-2 join ann 1 on a, seat x\n3-4 join ann 1 on a, seat y", false},
		"a time-out, then the same request again": {
			"1-2 join ann 1 unknown\n3-4 join ann 1 on a, seat x\n5-6 join bob 2 on a, seat y", true,
		},
		"a killed server's session lives on elsewhere": {
			"1-2 join ann 1 on a, seat x\n3-8 harm a\n5-6 join bob 2 on b, seat y", true,
		},
		"I1: another server was killed": {
			"1-2 join ann 1 on a, seat x\n3-8 harm b\n5-6 join bob 2 on b, seat y", false,
		},
		"I1: it was on the killed server no more": {
			"1-2 join ann 1 on a, seat x\n3-8 harm a\n9-10 join bob 2 on b, seat y\n11-12 join cid 3 on a, seat z", false,
		},
		"the control plane forgets who had not come yet": {
			"1-2 join ann 1 on a, seat x\n3-4 forget\n5-6 join bob 2 on b, seat y", true,
		},
		"I10: it does not forget who plays": {
			"1-2 join ann 1 on a, seat x\n3-4 enter ann\n5-6 forget\n7-8 join bob 2 on b, seat y", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := check(told(t, c.story), 2, 10*time.Second)
			if right := len(wrong) == 0; right != c.right {
				t.Fatalf("accepted: %v, want %v", right, c.right)
			}
			if !c.right {
				picture := filepath.Join(t.TempDir(), "wrong.html")
				if err := wrong[0].draw(picture); err != nil {
					t.Fatal(err)
				}
				if page, err := os.ReadFile(picture); err != nil || !strings.Contains(string(page), "seat x") {
					t.Errorf("the picture does not show the history: %v", err)
				}
			}
		})
	}
}
