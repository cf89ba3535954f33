/** The first wait after a lost stream, in milliseconds; each further one is twice as long. */
export const BACKOFF_FIRST_MS = 500;
/** No wait is longer, so that a console left open finds a restarted Greenroom within seconds. */
export const BACKOFF_MAX_MS = 4_000;

/**
 * How long to wait before try number `attempt` (from 0), in milliseconds. `random` in [0, 1) takes up to half of it off, so that
 * many consoles do not come back at the same moment.
 */
export function backoff(attempt: number, random: number): number {
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(full * (1 - random / 2));
}
