import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Decision, DecisionSchema, type ListDecisionsRequest, type PolicyAnswerSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { millis } from "../src/i18n/format.ts";

const sentences: [string, string, number][] = [
  ["open", "opened {n} servers: 3 free session slots, buffer 5", 2],
  ["start", "started {n} server: 0 servers ready or starting, 1 wanted", 1],
  ["drain", "drains {n} server: surplus for 60 s", 1],
  ["stop", "stopped {n} server: drained and empty for 4 s", 1],
  ["avoid", "sessions come last to {n} servers: of revision 3, the fleet's is 4", 2],
  ["drain", "drains {n} server: consolidation: its 3 sessions fit on 2 others, 41 % of slots are used", 1],
  ["undrain", "took the drain of {n} server back: revision 3 is the fleet's again", 1],
  ["start", "started {n} servers: 3.2 joins/s, 41 s to boot: 140 sessions could begin until then", 14],
];
const EVERY_MS = 40_000;

/** A made-up log, listed as Greenroom does: newest first, before `until`. A new decision comes every 40 seconds. */
export class DecisionLog {
  readonly #startMs: number;
  readonly #before: number;

  constructor(size: string, startMs = Date.now()) {
    this.#startMs = startMs;
    this.#before = { empty: 0, one: 1, few: 260, many: 5_000 }[size] ?? 260;
  }

  list({ fleet, until, limit }: Pick<ListDecisionsRequest, "fleet" | "until" | "limit">, nowMs = Date.now()): { decisions: Decision[] } {
    const end = millis(until) ?? Infinity;
    const newest = this.#before === 0 ? 0 : this.#before + Math.floor((nowMs - this.#startMs) / EVERY_MS);
    const found: Decision[] = [];
    for (let id = newest; id > 0 && found.length < (limit || 100); id--) {
      const decision = this.#decision(id);
      if ((fleet === "" || decision.fleet === fleet) && millis(decision.at)! < end) found.push(decision);
    }
    return { decisions: found };
  }

  #decision(id: number): Decision {
    // Three of one plan share a moment.
    const atMs = this.#startMs - (this.#before - Math.floor(id / 3) * 3) * EVERY_MS;
    const [verb, sentence, n] = sentences[id % sentences.length]!;
    return create(DecisionSchema, {
      id: BigInt(id), at: timestampFromMs(atMs), fleet: id % 4 === 0 ? "rooms-next" : "rooms-green", verb,
      servers: Array.from({ length: n }, (_, i) => `rooms-green-${(id * 31 + i).toString(36)}`), reason: sentence.split(": ")[1]!, sentence: sentence.replace("{n}", String(n)),
      result: id % 23 === 0 ? "no free port in 7400-7999: widen --server-ports" : "ok",
    });
  }
}

/** What made-up policies asked for. */
export const answers: MessageInitShape<typeof PolicyAnswerSchema>[] = [
  { name: "trend", kind: "trend", freeSessions: 14, decides: true, reason: "3.2 joins/s, 41 s to boot: 14 sessions could begin until then", numbers: { joins_per_second: 3.2, boot_seconds: 41, headroom: 2 } },
  { name: "evenings", kind: "schedule", servers: 6, decides: true, reason: "within 0 18 * * * for 5h in Asia/Tokyo, until 23:00", numbers: { servers: 6 } },
  { name: "seats", kind: "occupancy", servers: 5, reason: "712 of 1,800 seats taken, target 0.8", numbers: { occupancy: 0.3956, target: 0.8 } },
  { name: "matchmaker", kind: "external", servers: 4, holds: "signal queue-length was set 7 min ago, at most 2 min are allowed", reason: "31 ÷ 8", numbers: { value: 31, age_seconds: 421 } },
  { name: "launch-party", kind: "event", reason: "prepared from 19:55" },
  { name: "buffers", kind: "", freeSessions: 4, readyServers: 1, decides: true, reason: "buffers of the fleet" },
];
