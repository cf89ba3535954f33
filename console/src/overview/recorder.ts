import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Api } from "../api/api.ts";
import { spanMillis } from "../i18n/format.ts";
import { record, remembered, type Sample, SAMPLE_MS, SPAN_MS } from "./history.ts";
import { totalsOf } from "./totals.ts";

/**
 * Remembers the overview's numbers for as long as the console is open, with gaps where another page was shown; what was before is
 * asked for once. An external store.
 */
export class History {
  #samples: readonly Sample[] = [];
  #listeners = new Set<() => void>();
  #api: Api;
  #asked = false;

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
    this.#keep(record(this.#samples, { atMs: nowMs, stepMs: SAMPLE_MS, players, open, ready }));
    if (!this.#asked) void this.#remember(nowMs);
  }

  /** Puts what was before the first sample in front of it. Without an answer the chart begins where the page was opened, and says so. */
  async #remember(untilMs: number) {
    this.#asked = true;
    try {
      const { points, step } = await this.#api.history.getHistory({ since: timestampFromMs(untilMs - SPAN_MS), until: timestampFromMs(untilMs) });
      this.#keep([...remembered(points, spanMillis(step), untilMs), ...this.#samples]);
    } catch {
      // the page has its numbers; the history page says what is wrong with the past
    }
  }

  #keep(samples: readonly Sample[]) {
    this.#samples = samples;
    for (const listener of [...this.#listeners]) listener();
  }
}
