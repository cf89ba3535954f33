//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// judge holds what was seen against the rules.
func (w *world) judge() {
	w.mu.Lock()
	seen, reports := w.notes, w.reports
	history := append(slices.Clone(w.history), w.ledger.steps()...)
	w.mu.Unlock()
	for _, n := range seen {
		session := n.Session
		if n.What == noteLost {
			session = botsRoute + "/" + n.Session
		}
		switch f, found := w.ledger.blame(session, time.Unix(0, n.At)); {
		case !found && n.What == noteLost:
			w.wrong("%s of session %s was cut off at %s, and nothing was done to its server or network: %s", n.Player, session, w.since(n.At), n.Why)
		case !found:
			w.wrong("%s's ticket for session %s opened nothing at %s, and nothing was done to its server or network: %s", n.Player, session, w.since(n.At), n.Why)
		case n.What == noteLost:
			w.losses[f.Kind]++
		default:
			w.opened[f.Kind]++
		}
	}
	for _, door := range w.o.Doors {
		switch r := reports[door]; {
		case r == nil:
			w.wrong("the bots of %s have not reported", door)
		case r.Joined != uint64(w.o.Bots) || r.LostState > 0 || r.Errors > 0 || r.Gaps > 0 || r.Duplicates > 0:
			w.wrong("bots of %s: %d of %d joined, %d states lost, %d errors, %d gaps, %d duplicates: %v", door, r.Joined, w.o.Bots, r.LostState, r.Errors, r.Gaps, r.Duplicates, r.Problems)
		}
	}
	for _, server := range w.ledger.murdered() {
		w.wrong("server %s was declared dead, and nothing was done to it", server)
	}
	w.checkJoins(history)
}

// checkJoins writes the history of joins down and has it checked.
func (w *world) checkJoins(history []op) {
	slices.SortFunc(history, func(a, b op) int { return int(a.Call - b.Call) })
	if err := writeHistory(filepath.Join(w.o.Out, "joins.jsonl"), history); err != nil {
		w.wrong("write the history of joins: %v", err)
	}
	began := time.Now()
	for i, r := range check(history, boothSeats, patience) {
		picture := filepath.Join(w.o.Out, fmt.Sprintf("wrong-%d.html", i+1))
		if err := r.draw(picture); err != nil {
			w.wrong("draw the history of %s: %v", r.key, err)
		}
		w.wrong("the history of session %s: %s; see %s", r.key, r.result, picture)
	}
	w.say("the history of joins, %d steps of %d sessions, took %.1f s to check", len(history), len(split(history)), time.Since(began).Seconds())
}

func writeHistory(path string, history []op) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	out := json.NewEncoder(f)
	for _, o := range history {
		if err := out.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

// since is a moment as the lines tell it.
func (w *world) since(at int64) string {
	return fmt.Sprintf("%.1fs", time.Unix(0, at).Sub(w.began).Seconds())
}

// print is the report.
func (w *world) print(to io.Writer) {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nfault\ttimes\tplayers cut off\ttickets kept out\n")
	for _, k := range kinds {
		times := 0
		for _, h := range w.ledger.harms {
			if h.fault.Kind == k {
				times++
			}
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", k, times, w.losses[k], w.opened[k])
	}
	fmt.Fprintf(t, "\nbots\tjoined\ttold to move\tcut off\trejoined\tlost state\tgaps (announced)\tduplicates\terrors\trejoin gap p50, p99\n")
	for _, door := range w.o.Doors {
		if r := w.reports[door]; r != nil {
			fmt.Fprintf(t, "%s\t%d of %d\t%d\t%d\t%d\t%d\t%d (%d)\t%d\t%d\t%.0f, %.0f ms\n", door, r.Joined, r.Players, r.Moved, r.Disconnected, r.Rejoined, r.LostState,
				r.Gaps, r.Missed, r.Duplicates, r.Errors, r.RejoinGapMS.P50, r.RejoinGapMS.P99)
		}
	}
	outcomes := map[string]int{}
	for _, o := range w.history {
		if o.Do == doJoin {
			outcomes[o.Outcome]++
		}
		if o.Do == doEnter {
			outcomes["entered"]++
		}
	}
	fmt.Fprintf(t, "\njoins\t%d seated, %d refused, %d with unknown outcome; %d rooms entered\n", outcomes[seated], outcomes[refused], outcomes[unknown], outcomes["entered"])
	if w.network != nil {
		in, out := &w.network.toServers, &w.network.toPlayers
		fmt.Fprintf(t, "packets\t%d to the servers (%d lost), %d to the players (%d lost)\n", in.carried.Load(), in.dropped.Load(), out.carried.Load(), out.dropped.Load())
	}
	fmt.Fprintf(t, "well again\t%.1f s after the last fault and the last joiner\n", w.settled.Seconds())
	_ = t.Flush()
	if len(w.broken) == 0 {
		fmt.Fprintf(to, "\nseed %d: all is as it must be\n", w.o.Seed)
		return
	}
	fmt.Fprintf(to, "\nseed %d: %d wrong:\n  %s\n", w.o.Seed, len(w.broken), strings.Join(w.broken, "\n  "))
}
