import { flagSpan } from "../parts/span.ts";
import { word } from "../parts/shell.ts";

/** What becomes of sessions on a fleet that is rolled back, as the CLI says it. */
export type Sessions = "stay" | "drain";

/**
 * The commands that the console shows beside what it does. A test reads each of them with the CLI's own grammar, so that none
 * is shown that the CLI does not take. Longer ones are written where their forms are: events, simulations, history.
 */
export const lines = {
  demo: () => "greenroom up --demo",
  login: () => "greenroom token login",
  join: (route: string, key: string) => `greenroom join ${word(route)} --key ${word(key)}`,
  sessions: (route: string) => `greenroom get sessions --route ${word(route)}`,
  explain: (fleet: string) => `greenroom explain ${word(fleet)}`,
  decisions: (fleet: string) => (fleet === "" ? "greenroom decisions" : `greenroom decisions ${word(fleet)}`),
  costs: (span: string) => `greenroom costs --since ${span}`,
  apply: (file: string) => `greenroom apply -f ${word(file)}`,

  drain: (server: string) => `greenroom drain ${word(server)}`,
  undrain: (server: string) => `greenroom undrain ${word(server)}`,

  newEvent: () => "greenroom event create gala --route plaza --doors 2026-12-05T20:00+09:00 --for 3h --attendance 20000",
  checkEvent: (event: string) => `greenroom event check ${word(event)}`,
  cancelEvent: (event: string) => `greenroom delete event ${word(event)}`,

  routes: () => "greenroom get routes",
  regions: () => "greenroom ping",
  rollouts: () => "greenroom get rollouts",
  rolloutStatus: (rollout: string) => `greenroom rollout status ${word(rollout)} --watch`,
  pauseRollout: (rollout: string, reason: string) => `greenroom rollout pause ${word(rollout)}${reason === "" ? "" : ` --reason ${word(reason)}`}`,
  resumeRollout: (rollout: string) => `greenroom rollout resume ${word(rollout)}`,
  promoteRollout: (rollout: string, weightPpm: number) => `greenroom rollout promote ${word(rollout)}${weightPpm === 0 ? "" : ` --to ${percent(weightPpm)}`}`,
  deleteRollout: (rollout: string) => `greenroom delete rollout ${word(rollout)}`,
  rollback: (route: string, sessions: Sessions, reason: string) => `greenroom rollback ${word(route)} --${sessions}${reason === "" ? "" : ` --reason ${word(reason)}`}`,

  fleet: (fleet: string) => `greenroom describe fleet ${word(fleet)}`,
  pauseUpgrade: (fleet: string) => `greenroom upgrade pause ${word(fleet)}`,
  resumeUpgrade: (fleet: string) => `greenroom upgrade resume ${word(fleet)}`,
  undoUpgrade: (fleet: string, revision: bigint) => `greenroom upgrade undo ${word(fleet)}${revision === 0n ? "" : ` --to ${revision}`}`,
  revisions: (fleet: string) => `greenroom upgrade revisions ${word(fleet)}`,

  nodes: () => "greenroom node list",
  drainNode: (node: string, deadlineMs: number | undefined, reason: string) =>
    `greenroom node drain ${word(node)}${deadlineMs === undefined ? "" : ` --deadline ${flagSpan(deadlineMs)}`}${reason === "" ? "" : ` --reason ${word(reason)}`}`,
  undrainNode: (node: string) => `greenroom node undrain ${word(node)}`,
} as const;

/** Parts per million as a percentage that loses nothing: 100 is "0.01%". */
export function percent(ppm: number): string {
  return `${Number((ppm / 10_000).toFixed(4))}%`;
}
