import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Fleet, type FleetRevision, FleetRevisionSchema, type FleetSpec, FleetSpecSchema, FleetStatusSchema, UpgradePolicySchema, UpgradeStatusSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import type { House } from "./house.ts";

const FLEET = "rooms-green";
const MINUTE = 60_000;
/** One server after the other, so slowly that one can look. */
const EVERY_MS = 6_000;

/** The templates that the made-up fleet had: its command, its capacity, and its rooms changed. */
const templates: MessageInitShape<typeof FleetSpecSchema>[] = [
  { provider: process("rooms-1.1"), capacity: { sessions: 8, seatsPerSession: 50, seats: 300 }, room: { tick: durationFromMs(50) } },
  { provider: process("rooms-1.2"), capacity: { sessions: 12, seatsPerSession: 50, seats: 300 }, room: { tick: durationFromMs(50) } },
  { provider: process("rooms-1.3"), capacity: { sessions: 12, seatsPerSession: 50, seats: 300 }, room: { tick: durationFromMs(50), historyEvents: 2048 } },
  { provider: process("rooms-1.4"), capacity: { sessions: 12, seatsPerSession: 50, seats: 300 }, room: { tick: durationFromMs(40), historyEvents: 2048 } },
];

function process(version: string): NonNullable<MessageInitShape<typeof FleetSpecSchema>["provider"]> {
  return { kind: { case: "process", value: { command: [`/srv/${version}/room`, "--quiet"], env: { LOG: version.endsWith("4") ? "debug" : "info", TZ: "UTC" } } } };
}

/** A made-up upgrade of one fleet: old servers drain one after the other while new ones open. */
export class Upgrades {
  readonly #house: House;
  readonly #startedMs: number;
  #lastMs: number;
  #stopped = "";

  constructor(house: House, nowMs = Date.now()) {
    this.#house = house;
    this.#startedMs = nowMs - 3 * MINUTE;
    this.#lastMs = nowMs;
    if (!this.#there()) return;
    this.#take(4n);
    this.#house.serversOf(FLEET).forEach((server, i) => this.#house.change(server.name, i < 2 ? { revision: 4n } : { revision: 3n, avoided: true }));
    this.#say(nowMs);
    setInterval(() => this.tick(Date.now()), 1_000).unref();
  }

  #there(): boolean {
    return this.#house.fleets.items.has(FLEET);
  }

  #fleet(name: string): Fleet {
    const fleet = this.#house.fleets.items.get(name);
    if (fleet === undefined) throw new ConnectError(`there is no fleet ${name}`, Code.NotFound);
    return fleet;
  }

  #take(revision: bigint) {
    const fleet = this.#fleet(FLEET);
    const template = create(FleetSpecSchema, templates[Number(revision) - 1]);
    this.#house.fleets.put(FLEET, { ...fleet, generation: fleet.generation + 1n, revision, spec: { ...fleet.spec!, provider: template.provider, capacity: template.capacity, room: template.room } });
  }

  /** Replaces one server each few seconds: a new one is started, the oldest old one drains. */
  tick(nowMs: number) {
    const fleet = this.#fleet(FLEET);
    const servers = this.#house.serversOf(FLEET);
    for (const server of servers) {
      if (server.revision === fleet.revision && server.state === ServerState.STARTING && nowMs - Number(server.createdAt!.seconds) * 1000 > 4_000) this.#house.change(server.name, { state: ServerState.OPEN, reason: "opened for the upgrade" });
    }
    const old = servers.filter(({ revision, state }) => revision !== fleet.revision && state === ServerState.OPEN);
    const leaving = servers.filter(({ state }) => state === ServerState.DRAINING).length;
    if (fleet.spec!.upgrade?.paused !== true && old.length > 0 && leaving < 2 && nowMs - this.#lastMs > EVERY_MS) {
      this.#lastMs = nowMs;
      this.#house.startServer(FLEET, fleet.revision);
      this.#house.drain(old[0]!.name, `upgrade to revision ${fleet.revision}`);
    }
    this.#say(nowMs);
  }

  #say(nowMs: number) {
    const fleet = this.#fleet(FLEET);
    const servers = this.#house.serversOf(FLEET).filter(({ state }) => state !== ServerState.UNHEALTHY && state !== ServerState.STOPPED);
    const is = (new_: boolean) => servers.filter(({ revision }) => (revision === fleet.revision) === new_);
    const coming = is(true).filter(({ state }) => state === ServerState.STARTING).length;
    const [updated, old] = [is(true).length - coming, is(false)];
    const draining = old.filter(({ state }) => state === ServerState.DRAINING || state === ServerState.EMPTY).length;
    const phase = this.#stopped !== "" ? "stopped" : fleet.spec!.upgrade?.paused === true ? "paused" : "running";
    const until = new Date(nowMs + 20 * MINUTE).toISOString().slice(11, 16);
    const drains = draining > 0 ? `; ${draining} ${draining === 1 ? "drains" : "drain"}, at latest ${until}` : "";
    const upgrade = old.length === 0 ? undefined : create(UpgradeStatusSchema, {
      revision: fleet.revision, updated, coming, old: old.length, draining, phase, startedAt: timestampFromMs(this.#startedMs),
      sentence: this.#stopped || `${updated} of ${servers.length} servers are of revision ${fleet.revision}${drains}`,
      sessionsLeft: old.reduce((sum, { sessions }) => sum + sessions, 0), playersLeft: old.reduce((sum, { seatsClaimed }) => sum + seatsClaimed, 0),
    });
    const status = create(FleetStatusSchema, { ...fleet.status! });
    this.#house.fleets.put(FLEET, { ...fleet, status: { ...status, upgrade } });
  }

  revisions(name: string): FleetRevision[] {
    const fleet = this.#fleet(name);
    if (name !== FLEET) return [create(FleetRevisionSchema, { revision: 1n, spec: fleet.spec, createdAt: timestampFromMs(this.#startedMs - 40 * 60 * MINUTE), provedAt: timestampFromMs(this.#startedMs - 39 * 60 * MINUTE), servers: this.#house.serversOf(name).length, current: true })];
    return templates.map((template, i) => {
      const revision = BigInt(i + 1);
      const atMs = this.#startedMs - (templates.length - 1 - i) * 26 * 60 * MINUTE;
      const spec: FleetSpec = { ...fleet.spec!, ...(({ provider, capacity, room }) => ({ provider, capacity, room }))(create(FleetSpecSchema, template)) };
      return create(FleetRevisionSchema, { revision, spec, createdAt: timestampFromMs(atMs), provedAt: i === 1 ? undefined : timestampFromMs(atMs + 12_000), servers: this.#house.serversOf(name).filter((server) => server.revision === revision).length, current: revision === fleet.revision });
    }).reverse();
  }

  pause(name: string, paused: boolean): Fleet {
    const fleet = this.#fleet(name);
    const upgrade = create(UpgradePolicySchema, { ...(fleet.spec!.upgrade ?? {}), paused } as MessageInitShape<typeof UpgradePolicySchema>);
    this.#house.fleets.put(name, { ...fleet, generation: fleet.generation + 1n, spec: { ...fleet.spec!, upgrade } });
    if (name === FLEET) this.#say(Date.now());
    return this.#fleet(name);
  }

  undo(name: string, revision: bigint): Fleet {
    const to = revision === 0n ? this.revisions(name).find(({ current, provedAt }) => !current && provedAt !== undefined)?.revision : revision;
    if (name !== FLEET || to === undefined || to > BigInt(templates.length)) throw new ConnectError(`fleet ${name} has no earlier template that was proved`, Code.FailedPrecondition);
    this.#take(to);
    for (const server of this.#house.serversOf(name)) {
      this.#house.change(server.name, { avoided: server.revision !== to });
      if (server.revision === to && server.state === ServerState.DRAINING) this.#house.undrain(server.name);
    }
    this.#say(Date.now());
    return this.#fleet(name);
  }
}
