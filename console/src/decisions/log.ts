import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { Decision } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { millis } from "../i18n/format.ts";

/** What keepers do, in their own words and in the order of a server's life. */
export const verbs = ["start", "open", "cordon", "uncordon", "drain", "undrain", "avoid", "welcome", "hand over", "end", "empty", "stop", "stopped", "unhealthy", "remove", "forget", "retire"] as const;
export type Verb = (typeof verbs)[number];

/** The verbs to choose from: those that this console knows, then others that the log has. */
export function verbsOf(log: Log): string[] {
  return [...new Set<string>([...verbs, ...log.decisions.map(({ verb }) => verb)])];
}

/** Tells whether this console has a word for a verb. */
export function isKnown(verb: string): verb is Verb {
  return verbs.some((one) => one === verb);
}

/** So many decisions are asked for at once. */
export const PAGE = 100;

/** The log as far as it was read: each decision once, the newest first. */
export interface Log {
  readonly decisions: readonly Decision[];
  /** Nothing older is kept. */
  readonly whole: boolean;
}

export const emptyLog: Log = { decisions: [], whole: false };

/** Puts a page into the log. A page of older ones that is not full, or says nothing new, is the last. */
export function take(log: Log, page: readonly Decision[], older: boolean): Log {
  const known = new Map(log.decisions.map((decision) => [decision.id, decision]));
  const fresh = page.filter(({ id }) => !known.has(id)).length;
  for (const decision of page) known.set(decision.id, decision); // a result may have come meanwhile
  const decisions = [...known.values()].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  return { decisions, whole: log.whole || (older && (page.length < PAGE || fresh === 0)) };
}

/**
 * Where the next page ends: a millisecond after the oldest decision known. Others of the same moment come again and are
 * taken once; none is left out.
 */
export function olderThan(log: Log): Timestamp | undefined {
  const oldest = millis(log.decisions[log.decisions.length - 1]?.at);
  return oldest === undefined ? undefined : timestampFromMs(Math.floor(oldest) + 1);
}

/** How many of the log are newer than the first that is shown. */
export function newer(log: Log, shownFirst: bigint | undefined): number {
  return shownFirst === undefined ? 0 : log.decisions.filter(({ id }) => id > shownFirst).length;
}

/** Decisions by verb and down from the one that is shown first. */
export function filtered(log: Log, verb: string | undefined, shownFirst: bigint | undefined): Decision[] {
  return log.decisions.filter((decision) => (verb === undefined || decision.verb === verb) && (shownFirst === undefined || decision.id <= shownFirst));
}

/** How a decision came out: still under way, done, or an error's sentence. */
export function outcome({ result }: Pick<Decision, "result">): "underway" | "ok" | "failed" {
  return result === "" ? "underway" : result === "ok" ? "ok" : "failed";
}
