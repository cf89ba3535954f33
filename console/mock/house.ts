import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { type Fleet, FleetSchema, FleetSpecSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { type FleetWeight, FleetWeightSchema, type Route, RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { type Server, ServerSchema } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { type Session, SessionSchema } from "@greenroom/client/gen/greenroom/v1/session_pb.ts";
import { ChangeType, DrainStatusSchema, ServerState, SessionState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";

const now = (): Timestamp => timestampFromMs(Date.now());

/** One kind of thing, and who watches it. */
export class Table<T> {
  readonly items = new Map<string, T>();
  #watchers = new Set<(type: ChangeType, item: T) => void>();

  put(key: string, item: T) {
    const type = this.items.has(key) ? ChangeType.MODIFIED : ChangeType.ADDED;
    this.items.set(key, item);
    for (const tell of [...this.#watchers]) tell(type, item);
  }

  drop(key: string) {
    const item = this.items.get(key);
    if (item === undefined) return;
    this.items.delete(key);
    for (const tell of [...this.#watchers]) tell(ChangeType.DELETED, item);
  }

  watch(tell: (type: ChangeType, item: T) => void): () => void {
    this.#watchers.add(tell);
    return () => this.#watchers.delete(tell);
  }
}

/** What the made-up fleets have beside their size. */
const settings: Record<string, MessageInitShape<typeof FleetSpecSchema>> = {
  "rooms-green": {
    region: { name: "tokyo", echo: ["udp://203.0.113.9:7351", "https://tokyo.example.com/echo"] },
    upgrade: { surge: "25%", maxDraining: "2" },
    flags: [{ name: "new-lobby", value: "true", sharePpm: 100_000 }, { name: "spatial.voice", sharePpm: 1_000_000 }, { name: "fireworks", value: "winter", sharePpm: 0 }, { name: "tick-budget", value: "8ms", sharePpm: 2_500 }],
  },
  "rooms-next": {
    region: { name: "frankfurt", echo: ["udp://198.51.100.9:7351"] },
    scaling: { consolidation: { below: 0.6, after: { seconds: 120n }, maxMovesPerMinute: 30, minStay: { seconds: 300n }, windows: [{ cron: "0 3 * * *", duration: { seconds: 7200n }, timeZone: "Asia/Tokyo" }] }, scaleInWindows: [{ cron: "0 1 * * *", duration: { seconds: 21600n } }] },
  },
};

/** A made-up house in which people come and go. */
export class House {
  readonly fleets = new Table<Fleet>();
  readonly routes = new Table<Route>();
  readonly servers = new Table<Server>();
  readonly sessions = new Table<Session>();
  #serial = 0;

  constructor(size: string) {
    if (size === "empty") return;
    const counts = { one: [1, 0], few: [7, 4], many: [900, 340], huge: [6000, 0] }[size] ?? [7, 4];
    this.#addFleet("rooms-green", counts[0]!, counts[0]! * 3);
    this.#addRoute("plaza", [["rooms-green", 950_000], ["rooms-next", 50_000]].slice(0, counts[1]! > 0 ? 2 : 1) as [string, number][]);
    if (counts[1]! > 0) {
      this.#addFleet("rooms-next", counts[1]!, counts[1]!);
      this.#addRoute("voice", [["rooms-next", 1_000_000]]);
    }
    if (size !== "one") this.#colour();
    if (size === "few") this.#addRacks();
    this.#count();
    setInterval(() => this.#tick(), 700).unref();
  }

  #addFleet(name: string, servers: number, sessions: number) {
    const { region, upgrade, flags, scaling } = create(FleetSpecSchema, settings[name] ?? {});
    this.fleets.put(name, create(FleetSchema, {
      name, generation: 1n, revision: 1n,
      spec: { minServers: 1, maxServers: Math.max(12, servers * 2), buffers: { ready: 1, open: 4 }, capacity: { sessions: 12, seatsPerSession: 50, seats: 300 }, price: name === "rooms-green" ? { perServerHour: 0.0725, instanceType: "c7i.large", architecture: "x86" } : { perServerHour: 0.058, instanceType: "c7g.large", architecture: "arm64", spot: true }, drain: { wait: { seconds: 30n }, deadline: { seconds: 1200n } }, region, upgrade, flags, scaling },
      status: { summary: `${servers} servers hold what is wanted`, serversWanted: servers },
    }));
    for (let i = 0; i < servers; i++) this.#addServer(name, ServerState.OPEN, Date.now() - (servers - i) * 61_000);
    const open = [...this.servers.items.values()].filter(({ fleet }) => fleet === name);
    for (let i = 0; i < sessions; i++) this.addSession(name === "rooms-next" ? "voice" : "plaza", `room-${i + 1}`, open[Math.floor(i / 4) % open.length]!.name, 8 + ((i * 37) % 42));
  }

  #addServer(fleet: string, state: ServerState, createdMs: number): string {
    const name = `${fleet}-${(++this.#serial * 7919 % 46656).toString(36).padStart(3, "0")}${(this.#serial % 36).toString(36)}`;
    this.servers.put(name, create(ServerSchema, {
      name, fleet, state, reason: state === ServerState.READY ? "kept ready: 1 wanted" : "opened: 4 free session slots wanted",
      endpoints: [{ name: "ws", url: `ws://127.0.0.1:${7400 + this.#serial * 2}/room` }, { name: "mqtt", url: `mqtt://127.0.0.1:${7401 + this.#serial * 2}` }],
      sessionCapacity: 12, seatCapacity: 300, createdAt: timestampFromMs(createdMs), stateSince: timestampFromMs(createdMs + 4_000), reportedAt: now(),
      version: "0.1.0", providerRef: `pid ${4700 + this.#serial}`, node: `rack-${(this.#serial % 3) + 1}`, revision: 1n,
    }));
    return name;
  }

  #addRoute(name: string, fleets: [string, number][]) {
    this.routes.put(name, create(RouteSchema, { name, generation: 1n, spec: { fleets: fleets.map(([fleet, weightPpm]) => ({ fleet, weightPpm })) }, status: {} }));
  }

  /** Servers that ran before Greenroom came, at fixed addresses; their fleet gets nobody new. */
  #addRacks() {
    const racks = [["rack-11", ServerState.OPEN, "answers: udp 203.0.113.11:7777 in 3 ms"], ["rack-12", ServerState.OPEN, "answers: udp 203.0.113.12:7777 in 4 ms"], ["rack-13", ServerState.CORDONED, "no answer to 3 looks in a row: udp 203.0.113.13:7777: i/o timeout"]] as const;
    this.fleets.put("rooms-racks", create(FleetSchema, {
      name: "rooms-racks", generation: 1n, revision: 1n,
      spec: {
        minServers: 3, maxServers: 3, capacity: { sessions: 20, seatsPerSession: 50 }, region: { name: "osaka" },
        provider: { kind: { case: "static", value: { servers: racks.map(([name], i) => ({ name, endpoints: [{ name: "game", url: `udp://203.0.113.${11 + i}:7777` }] })), probe: { kind: { case: "udp", value: {} }, interval: { seconds: 2n }, timeout: { seconds: 1n }, threshold: 3, deadAfter: { seconds: 300n } } } } },
      },
      status: { summary: "3 servers at fixed addresses, 2 answer" },
    }));
    for (const [name, state, reason] of racks) {
      this.servers.put(`rooms-racks-${name}`, create(ServerSchema, { name: `rooms-racks-${name}`, fleet: "rooms-racks", state, reason, node: name, revision: 1n, sessionCapacity: 20, seatCapacity: 1000, endpoints: [{ name: "game", url: `udp://203.0.113.${name.slice(-2)}:7777` }], createdAt: timestampFromMs(Date.now() - 9e8), stateSince: timestampFromMs(Date.now() - 9e7) }));
    }
  }

  /** The servers of a fleet, the oldest first. */
  serversOf(fleet: string): Server[] {
    return [...this.servers.items.values()].filter((server) => server.fleet === fleet);
  }

  /** Changes what is known of a server. */
  change(name: string, change: Partial<Server>) {
    this.#set(name, change);
  }

  startServer(fleet: string, revision: bigint): string {
    const name = this.#addServer(fleet, ServerState.STARTING, Date.now());
    this.#set(name, { revision, reason: "started for the upgrade" });
    return name;
  }

  /** The rollout of a route that is under way. */
  setRollout(route: string, rollout: string | undefined) {
    const of = this.routes.items.get(route);
    if (of !== undefined && rollout !== undefined) this.routes.put(route, { ...of, status: { ...of.status!, rollout } });
  }

  /** Gives a route other weights; fleets that it did not have come to it. */
  setWeights(route: string, weights: readonly { fleet: string; weightPpm: number }[]) {
    const of = this.routes.items.get(route);
    if (of === undefined) return;
    const fleets: FleetWeight[] = weights.map((weight) => create(FleetWeightSchema, weight));
    this.routes.put(route, { ...of, generation: of.generation + 1n, spec: { ...of.spec!, fleets } });
  }

  /** One server of every other state, so that each can be looked at. */
  #colour() {
    const all = [...this.servers.items.values()].reverse();
    const states = [ServerState.READY, ServerState.STARTING, ServerState.UNHEALTHY, ServerState.EMPTY];
    for (const server of all.filter(({ fleet }) => fleet === "rooms-next").slice(0, 2)) this.#set(server.name, { state: states.shift()!, reason: "kept ready: 1 wanted" }, true);
    const green = all.filter(({ fleet }) => fleet === "rooms-green");
    this.#set(green[0]!.name, { state: ServerState.UNHEALTHY, reason: "no report for 24 s and its process is gone" }, true);
    this.#set(green[1]!.name, { state: ServerState.CORDONED, reason: "no report for 11 s" });
    this.#set(green[green.length - 1]!.name, { state: ServerState.EMPTY, reason: "drained" }, true);
  }

  #set(name: string, change: Partial<Server>, clear = false) {
    const server = this.servers.items.get(name);
    if (server === undefined) return;
    if (clear) for (const [key, session] of [...this.sessions.items]) if (session.server === name) this.sessions.drop(key);
    this.servers.put(name, { ...server, stateSince: now(), ...change, ...(clear ? { sessions: 0, seatsClaimed: 0, seatsReserved: 0 } : {}) });
  }

  addSession(route: string, key: string, server: string, players: number): Session {
    const fleet = this.servers.items.get(server)!.fleet;
    const session = create(SessionSchema, { route, key, fleet, server, state: SessionState.LIVE, generation: 1n, seatCapacity: 50, seatsClaimed: players, createdAt: now() });
    this.sessions.put(`${route}/${key}`, session);
    return session;
  }

  seat(route: string, key: string): Session {
    const found = this.sessions.items.get(`${route}/${key}`);
    if (found !== undefined) return found;
    const open = [...this.servers.items.values()].find(({ state, fleet }) => state === ServerState.OPEN && fleet === (route === "voice" ? "rooms-next" : "rooms-green"));
    if (open === undefined) throw new Error("no open server");
    const made = this.addSession(route, key, open.name, 0);
    this.#count();
    return made;
  }

  drain(name: string, reason: string, deadlineMs = 1_200_000) {
    const at = Date.now();
    const drain = create(DrainStatusSchema, { startedAt: timestampFromMs(at), handOverAt: timestampFromMs(at + 8_000), deadlineAt: timestampFromMs(at + deadlineMs), reason, phase: "waiting" });
    this.#set(name, { state: ServerState.DRAINING, reason: `draining: ${reason}`, drain });
    this.#count();
  }

  undrain(name: string) {
    this.#set(name, { state: ServerState.OPEN, reason: "drain taken back", drain: undefined });
  }

  #tick() {
    for (const [key, session] of this.sessions.items) {
      if (this.sessions.items.size > 60 && Math.random() < 0.97) continue;
      const drift = Math.round((Math.random() - 0.47) * 3);
      if (drift !== 0) this.sessions.put(key, { ...session, seatsClaimed: Math.min(50, Math.max(1, session.seatsClaimed + drift)) });
    }
    for (const server of [...this.servers.items.values()]) {
      if (server.state === ServerState.STARTING && Math.random() < 0.03) this.#set(server.name, { state: ServerState.READY, reason: "started" });
      if (server.drain !== undefined && (server.state === ServerState.DRAINING || server.state === ServerState.EMPTY)) this.#drainOn(server);
    }
    this.#count();
  }

  #drainOn(server: Server) {
    const since = Date.now() - Number(server.drain!.startedAt!.seconds) * 1000;
    if (since < 8_000) return;
    const left = [...this.sessions.items.values()].filter((session) => session.server === server.name);
    const [to] = this.serversOf(server.fleet).filter(({ state, revision }) => state === ServerState.OPEN && revision >= server.revision).sort((a, b) => a.sessions - b.sessions);
    const moving = left[0];
    if (moving === undefined) {
      if (since > 14_000) this.servers.drop(server.name);
      else if (server.state !== ServerState.EMPTY) this.#set(server.name, { state: ServerState.EMPTY, reason: "drained" });
    } else if (to !== undefined) {
      this.sessions.drop(`${moving.route}/${moving.key}`);
      this.sessions.put(`${moving.route}/${moving.key}`, { ...moving, server: to.name, generation: moving.generation + 1n });
      this.servers.put(server.name, { ...server, drain: { ...server.drain!, phase: "handing over" } });
    }
  }

  /** Brings every count in step with the sessions. */
  #count() {
    const sums = new Map<string, { sessions: number; seatsClaimed: number }>();
    const routes = new Map<string, { sessions: number; players: number; waiting: number }>();
    for (const session of this.sessions.items.values()) {
      const sum = sums.get(session.server) ?? { sessions: 0, seatsClaimed: 0 };
      sums.set(session.server, { sessions: sum.sessions + 1, seatsClaimed: sum.seatsClaimed + session.seatsClaimed });
      const route = routes.get(session.route) ?? { sessions: 0, players: 0, waiting: 0 };
      routes.set(session.route, { ...route, sessions: route.sessions + 1, players: route.players + session.seatsClaimed });
    }
    for (const server of [...this.servers.items.values()]) {
      const { sessions, seatsClaimed } = sums.get(server.name) ?? { sessions: 0, seatsClaimed: 0 };
      if (server.sessions === sessions && server.seatsClaimed === seatsClaimed) continue;
      const drain = server.drain === undefined ? undefined : { ...server.drain, sessionsLeft: sessions, playersLeft: seatsClaimed };
      this.servers.put(server.name, { ...server, sessions, seatsClaimed, drain, reportedAt: now() });
    }
    for (const [name, fleet] of this.fleets.items) {
      const own = this.serversOf(name);
      const [sessions, seatsClaimed] = [own.reduce((sum, one) => sum + one.sessions, 0), own.reduce((sum, one) => sum + one.seatsClaimed, 0)];
      if (fleet.status!.sessions !== sessions || fleet.status!.seatsClaimed !== seatsClaimed) this.fleets.put(name, { ...fleet, status: { ...fleet.status!, sessions, seatsClaimed } });
    }
    for (const route of [...this.routes.items.values()]) {
      const status = routes.get(route.name);
      if (status !== undefined) this.routes.put(route.name, { ...route, status: { ...route.status!, ...status } });
    }
  }
}
