import type { PolicyAnswer } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { MessageKey } from "../i18n/catalogue.ts";

const kinds: Record<string, MessageKey> = {
  trend: "kind.trend", buffer: "kind.buffer", occupancy: "kind.occupancy", "active sessions": "kind.active", load: "kind.load",
  schedule: "kind.schedule", external: "kind.external", forecast: "kind.forecast", event: "kind.event",
  buffers: "kind.buffers", minimum: "kind.minimum", waiting: "kind.waiting", "re-home": "kind.rehome",
};

/** The catalogue's name for a kind of answer; what every fleet has is known by its name. Undefined for one that is newer than this console. */
export function kindKey({ kind, name }: Pick<PolicyAnswer, "kind" | "name">): MessageKey | undefined {
  const of = kind === "" ? name : kind;
  return Object.hasOwn(kinds, of) ? kinds[of] : undefined;
}

/** What an answer asks for, without what it does not ask for. */
export function asksOf({ servers, freeSessions, readyServers }: Pick<PolicyAnswer, "servers" | "freeSessions" | "readyServers">) {
  const parts: { what: MessageKey; n: number }[] = [
    { what: "answers.servers", n: servers },
    { what: "answers.free", n: freeSessions },
    { what: "answers.ready", n: readyServers },
  ];
  return parts.filter(({ n }) => n > 0);
}

/** The numbers that a policy saw, by name; underscores are for machines. */
export function numbersOf({ numbers }: Pick<PolicyAnswer, "numbers">): [string, number][] {
  return Object.entries(numbers).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name.replaceAll("_", " ").replace(/second2$/, "second²"), value]);
}
