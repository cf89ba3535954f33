import { Code, ConnectError } from "@connectrpc/connect";
import { backoff } from "./backoff.ts";
import { type Change, lost, opening, take, unheard, type WatchState } from "./reducer.ts";

/** Changes are shown together after this long: many in one paint. */
const FLUSH_MS = 80;
/** A page that nobody looks at gives its streams back after this long: browsers allow six connections to one HTTP/1.1 origin. */
const HIDDEN_GRACE_MS = 10_000;
/** A stream that was in step for this long has earned a short first back-off again. */
const STABLE_MS = 5_000;

type Open<T> = (signal: AbortSignal) => AsyncIterable<Change<T>>;

/**
 * Keeps one watch stream open while somebody listens and the page is visible, and reopens it with back-off when it
 * breaks. An external store for `useSyncExternalStore`; it owns its stream and its timers.
 */
export class Watcher<T> {
  #state: WatchState<T> = unheard();
  #listeners = new Set<() => void>();
  #stop: AbortController | undefined;
  #open: Open<T>;
  #keyOf: (item: T) => string;

  constructor(open: Open<T>, keyOf: (item: T) => string) {
    this.#open = open;
    this.#keyOf = keyOf;
  }

  readonly snapshot = (): WatchState<T> => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      void this.#run(this.#stop.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.abort();
      this.#stop = undefined;
    };
  };

  /** Tells whether somebody listens; otherwise the snapshot is what was known when the last one left. */
  get listening(): boolean {
    return this.#stop !== undefined;
  }

  #set(state: WatchState<T>) {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }

  async #run(signal: AbortSignal) {
    for (let attempt = 0; !signal.aborted; attempt++) {
      await visible(signal);
      if (signal.aborted) return;
      const openedAt = performance.now();
      const ended = await this.#readOnce(signal);
      if (signal.aborted) return;
      if (ended.hidden) {
        attempt = -1;
        continue;
      }
      const error = ConnectError.from(ended.cause);
      const refused = error.code === Code.Unauthenticated || error.code === Code.PermissionDenied;
      this.#set(lost(this.#state, error.rawMessage, refused));
      if (refused) return;
      if (performance.now() - openedAt > STABLE_MS) attempt = 0;
      await delay(backoff(attempt, Math.random()), signal);
    }
  }

  /** Reads one stream to its end; `hidden` when it was given up because nobody looked. */
  async #readOnce(signal: AbortSignal): Promise<{ hidden: boolean; cause: unknown }> {
    const own = new AbortController();
    const abort = () => own.abort();
    signal.addEventListener("abort", abort);
    let hidden = false;
    const stopHidden = whenHidden(() => {
      hidden = true;
      own.abort();
    });
    const queue: Change<T>[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      this.#set(take(this.#state, queue.splice(0), this.#keyOf));
    };
    this.#set(opening(this.#state));
    try {
      for await (const change of this.#open(own.signal)) {
        if (own.signal.aborted) break;
        queue.push(change);
        timer ??= setTimeout(flush, FLUSH_MS);
      }
      return { hidden, cause: new ConnectError("stream ended", Code.Unavailable) };
    } catch (cause) {
      return { hidden, cause };
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) flush();
      stopHidden();
      signal.removeEventListener("abort", abort);
    }
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      window.removeEventListener("online", done);
      resolve();
    }
    signal.addEventListener("abort", done);
    window.addEventListener("online", done);
  });
}

function visible(signal: AbortSignal): Promise<void> {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) => {
    function check() {
      if (document.visibilityState !== "visible" && !signal.aborted) return;
      document.removeEventListener("visibilitychange", check);
      signal.removeEventListener("abort", check);
      resolve();
    }
    document.addEventListener("visibilitychange", check);
    signal.addEventListener("abort", check);
  });
}

/** Calls `then` once when the page has been hidden for the grace time; the answer takes it back. */
function whenHidden(then: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") timer = setTimeout(then, HIDDEN_GRACE_MS);
  };
  document.addEventListener("visibilitychange", check);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", check);
  };
}
