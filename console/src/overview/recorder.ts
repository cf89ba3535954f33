import type { Api } from "../api/api.ts";
import { record, type Sample, SAMPLE_MS } from "./history.ts";
import { totalsOf } from "./totals.ts";

/** Remembers the overview's numbers for as long as the console is open, with gaps where another page was shown. An external store. */
export class History {
  #samples: readonly Sample[] = [];
  #listeners = new Set<() => void>();
  #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  readonly snapshot = (): readonly Sample[] => this.#samples;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Samples every second until the answer is called. A second in which nobody listened, or the watch was not in step, leaves a gap. */
  run(): () => void {
    const timer = setInterval(() => this.sample(Date.now()), SAMPLE_MS);
    return () => clearInterval(timer);
  }

  sample(nowMs: number) {
    const servers = this.#api.watch.servers.snapshot();
    if (servers.phase !== "live" || !this.#api.watch.servers.listening) return;
    const { players, open, ready } = totalsOf(servers.items.values(), []);
    this.#samples = record(this.#samples, { atMs: nowMs, players, open, ready });
    for (const listener of [...this.#listeners]) listener();
  }
}
