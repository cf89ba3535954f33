// How far regions are from here, for a join to go to the nearest. A page can only ask by HTTP: echoes of other schemes are
// left out.

export interface MeasureRegion {
  name: string;
  // Addresses such as https://tokyo.example.com/echo.
  echo?: readonly string[];
}

export interface MeasureOptions {
  // Round trips that are timed for each echo, one after the other, beside a first one that makes the connection; 5.
  probes?: number;
  // How long each is waited for; 1000.
  timeoutMs?: number;
  fetch?: typeof globalThis.fetch;
  signal?: AbortSignal;
}

// measure times the way to each region's echoes, all at once, and answers milliseconds by region: the shortest round trip to
// the nearest echo. A region of which nothing answers is left out. It never rejects.
export async function measure(regions: readonly MeasureRegion[], options: MeasureOptions = {}): Promise<Map<string, number>> {
  const far = new Map<string, number>();
  await Promise.all(
    regions.map(async (region) => {
      const echoes = (region.echo ?? []).filter((at) => /^https?:/.test(at));
      const each = await Promise.all(echoes.map((at) => measureEcho(at, options)));
      const best = Math.min(...each.filter((ms) => ms !== undefined));
      if (Number.isFinite(best)) far.set(region.name, best);
    }),
  );
  return far;
}

async function measureEcho(at: string, options: MeasureOptions): Promise<number | undefined> {
  const timeout = options.timeoutMs ?? 1000;
  // Names, TCP and TLS take several round trips.
  if ((await ask(at, 3 * timeout, options)) === undefined) return undefined;
  let best: number | undefined;
  let lost = 0;
  for (let i = 0; i < (options.probes ?? 5) && lost < 2 && !options.signal?.aborted; i++) {
    const took = await ask(at, timeout, options);
    if (took === undefined) lost++;
    else best = Math.min(best ?? took, took);
  }
  return best;
}

// ask times one request; undefined if it was not answered well and in time.
async function ask(at: string, timeoutMs: number, options: MeasureOptions): Promise<number | undefined> {
  const call = options.fetch ?? globalThis.fetch;
  const signals = [AbortSignal.timeout(timeoutMs)];
  if (options.signal) signals.push(options.signal);
  const began = performance.now();
  try {
    const response = await call(at, { cache: "no-store", credentials: "omit", signal: AbortSignal.any(signals) });
    const took = performance.now() - began;
    await response.arrayBuffer();
    return response.ok ? took : undefined;
  } catch {
    return undefined;
  }
}

// latencies puts measured milliseconds into the form that a join's request takes: {"tokyo": "0.012s"}.
export function latencies(far: ReadonlyMap<string, number>): Record<string, string> {
  return Object.fromEntries([...far].map(([region, ms]) => [region, `${(Math.min(ms, 60_000) / 1000).toFixed(6)}s`]));
}
