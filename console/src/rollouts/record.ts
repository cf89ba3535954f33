import type { GateStatus, Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { isUnderWay } from "./rollout.ts";

/** How far back the comparison looks, in milliseconds. */
export const KEPT_MS = 3_600_000;
/** A gate's values are taken at most this often: an hour is 1,800 of them. */
export const EVERY_MS = 2_000;
/** A longer silence than this is a gap: nobody looked at the page, or the stream was away. */
export const GAP_MS = 15_000;

/** What one gate said at one moment. */
export interface Look {
  readonly atMs: number;
  /** NaN where there was none. */
  readonly to: number;
  readonly from: number;
  /** Of `to`, in parts per million, at that moment. */
  readonly weightPpm: number;
}

/** The looks of one rollout, by gate. Never changed in place. */
export type Looks = ReadonlyMap<string, readonly Look[]>;

/** Adds what the gates say now, and drops what is older than an hour. The same object when there is nothing to add. */
export function record(looks: Looks, gates: readonly GateStatus[], weightPpm: number, nowMs: number): Looks {
  const due = gates.filter(({ name }) => nowMs - (looks.get(name)?.at(-1)?.atMs ?? -Infinity) >= EVERY_MS);
  if (due.length === 0) return looks;
  const next = new Map(looks);
  for (const { name, toValue, fromValue } of due) {
    const kept = (looks.get(name) ?? []).filter(({ atMs }) => atMs >= nowMs - KEPT_MS);
    next.set(name, [...kept, { atMs: nowMs, to: toValue, from: fromValue, weightPpm }]);
  }
  return next;
}

/** A store that remembers what gates said, for as long as the console is open. */
export class GateMemory {
  #looks = new Map<string, Looks>();
  #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** What is remembered of a rollout; the same object until something is added. */
  looks(key: string): Looks {
    return this.#looks.get(key) ?? none;
  }

  /** Takes what the gates of rollouts that are under way say now. What is over stays as it was until an hour has passed. */
  take(rollouts: Iterable<Rollout>, nowMs: number) {
    let changed = false;
    for (const rollout of rollouts) {
      if (!isUnderWay(rollout) || rollout.status === undefined) continue;
      const key = memoryKey(rollout);
      const before = this.looks(key);
      const after = record(before, rollout.status.gates, rollout.status.weightPpm, nowMs);
      changed ||= after !== before;
      this.#looks.set(key, after);
    }
    for (const [key, looks] of this.#looks) if ([...looks.values()].every((one) => (one.at(-1)?.atMs ?? 0) < nowMs - KEPT_MS)) this.#looks.delete(key);
    if (changed) for (const listener of [...this.#listeners]) listener();
  }
}

const none: Looks = new Map();

/** A rollout of the same name that is applied anew has a memory of its own. */
export function memoryKey({ name, createdAt }: Pick<Rollout, "name" | "createdAt">): string {
  return `${name} ${createdAt?.seconds ?? 0}`;
}

/** The looks on a grid for a plot, with a null where nobody looked. */
export function gridOf(looks: readonly Look[]): { atMs: number[]; to: (number | null)[]; from: (number | null)[] } {
  const grid = { atMs: [] as number[], to: [] as (number | null)[], from: [] as (number | null)[] };
  const push = (atMs: number, to: number, from: number) => {
    grid.atMs.push(atMs);
    grid.to.push(Number.isFinite(to) ? to : null);
    grid.from.push(Number.isFinite(from) ? from : null);
  };
  let last: number | undefined;
  for (const { atMs, to, from } of looks) {
    if (last !== undefined && atMs <= last) continue; // a clock that was set back
    if (last !== undefined && atMs - last > GAP_MS) push(last + 1, Number.NaN, Number.NaN);
    push(atMs, to, from);
    last = atMs;
  }
  return grid;
}

/** The moments at which the share changed, for marks over a plot. */
export function changesOf(looks: readonly Look[]): { atMs: number; weightPpm: number }[] {
  return looks.filter(({ weightPpm }, i) => i > 0 && looks[i - 1]!.weightPpm !== weightPpm).map(({ atMs, weightPpm }) => ({ atMs, weightPpm }));
}
