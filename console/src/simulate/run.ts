import type { SimulateRequest, SimulateResult } from "@greenroom/client/gen/greenroom/v1/simulate_pb.ts";
import type { Api } from "../api/api.ts";
import { sentenceOf } from "../api/errors.ts";

/** Where a simulation is. The results that came stay when it is stopped or fails. */
export interface Run {
  readonly is: "idle" | "running" | "done" | "stopped" | "failed";
  /** 0 to 1, over all policies. */
  readonly progress: number;
  readonly results: readonly SimulateResult[];
  readonly problem: string;
}

export const idle: Run = { is: "idle", progress: 0, results: [], problem: "" };

/** Runs a simulation to its end, telling each step; `signal` stops it, also in Greenroom. */
export async function run(simulate: Api["simulate"], request: SimulateRequest, signal: AbortSignal, tell: (run: Run) => void): Promise<void> {
  let now: Run = { ...idle, is: "running" };
  const say = (change: Partial<Run>) => {
    now = { ...now, ...change };
    tell(now);
  };
  say({});
  try {
    for await (const { progress, result } of simulate.simulate(request, { signal })) {
      if (signal.aborted) break;
      say({ progress: Math.max(now.progress, Math.min(1, progress)), results: result === undefined ? now.results : [...now.results, result] });
    }
    say(signal.aborted ? { is: "stopped" } : { is: "done", progress: 1 });
  } catch (cause) {
    say(signal.aborted ? { is: "stopped" } : { is: "failed", problem: sentenceOf(cause) });
  }
}
