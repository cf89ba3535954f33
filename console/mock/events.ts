import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { type Event, EventPhase, EventSchema, EventService, EventStatusSchema } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { millis, spanMillis } from "../src/i18n/format.ts";
import { follow } from "./follow.ts";
import { Table } from "./house.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Made-up events, kept as Greenroom keeps them: by generation, with a phase by the clock. */
export class Gatherings {
  readonly table = new Table<Event>();

  constructor(size: string, nowMs = Date.now()) {
    const evening = new Date(nowMs).setHours(20, 0, 0, 0);
    const at = (days: number, hours: number) => evening + days * DAY + hours * HOUR;
    if (size === "empty" || size === "bare") return;
    this.#add("launch-party", "Launch party", "plaza", at(1, 0), 3, 20_000);
    if (size === "one") return;
    this.#add("open-mic", "Open mic", "plaza", nowMs - HOUR, 2.5, 320);
    this.#add("afternoon-tour", "Guided tour of the new wing", "voice", nowMs + 2 * 60_000, 1, 80);
    this.#add("market", "Winter market 冬の市", "plaza", at(-3, -6), 60, 4_000);
    this.#add("quiz", "Quiz night", "voice", at(2, 0.5), 2, 600);
    this.#add("late-quiz", "Late quiz", "voice", at(2, 1), 2, 300);
    this.#add("festival", "Festival", "plaza", at(5, -8), 74, 12_000);
    this.#add("rehearsal", "Rehearsal", "plaza", at(6, -2), 2, 150);
    this.#add("voice-night", "Voice night", "voice", at(6, -1), 4, 900);
    if (size !== "many") return;
    for (let i = 0; i < 120; i++) this.#add(`meetup-${i}`, `Meet-up ${i + 1}`, i % 2 === 0 ? "plaza" : "voice", at((i % 40) - 12, (i * 7) % 5 - 3), 1 + (i % 4), 40 + i * 13);
  }

  #add(name: string, title: string, route: string, doorsMs: number, hours: number, attendance: number) {
    this.put(create(EventSchema, {
      name, generation: 1n,
      spec: { title, route, attendance, doorsAt: timestampFromMs(doorsMs), endsAt: timestampFromMs(doorsMs + hours * HOUR), ramp: durationFromMs(20 * 60_000) },
    }));
  }

  put(event: Event, nowMs = Date.now()) {
    const doors = millis(event.spec?.doorsAt)!;
    const ends = millis(event.spec?.endsAt)!;
    const lead = spanMillis(event.spec?.lead) || 300_000;
    const slots = Math.ceil(event.spec!.attendance / (event.spec!.playersPerSession || 50));
    const phase = nowMs >= ends ? EventPhase.OVER : nowMs >= doors ? EventPhase.OPEN : nowMs >= doors - lead ? EventPhase.PREPARING : EventPhase.PLANNED;
    const wanted = phase === EventPhase.PREPARING || phase === EventPhase.OPEN ? slots : 0;
    this.table.put(event.name, {
      ...event,
      status: create(EventStatusSchema, {
        phase, slotsWanted: wanted, slotsStanding: phase === EventPhase.OPEN ? wanted : Math.floor(wanted * 0.6),
        preparesAt: timestampFromMs(doors - lead), standsAt: timestampFromMs(doors - lead / 2), players: phase === EventPhase.OPEN ? Math.floor(event.spec!.attendance * 0.7) : 0,
        summary: phase === EventPhase.PREPARING ? `${Math.floor(wanted * 0.6)} of ${wanted} slots stand: 2 servers are starting` : "",
      }),
    });
  }

  /** Applies as Greenroom does: the generation that must be there, and a new one for a change. */
  apply(event: Event, dryRun: boolean, nowMs = Date.now()): { event: Event; outcome: string } {
    const old = this.table.items.get(event.name);
    if (event.generation !== 0n && event.generation !== (old?.generation ?? 0n)) {
      throw new ConnectError(`event ${event.name} is at generation ${old?.generation ?? 0n}, ${event.generation} was expected`, Code.Aborted);
    }
    if (old === undefined && millis(event.spec?.endsAt)! <= nowMs) throw new ConnectError(`event ${event.name} is over already`, Code.InvalidArgument);
    const next = { ...event, generation: (old?.generation ?? 0n) + 1n };
    if (!dryRun) this.put(next, nowMs);
    return { event: dryRun ? next : this.table.items.get(event.name)!, outcome: old === undefined ? "created" : "changed" };
  }

  get(name: string): Event {
    const event = this.table.items.get(name);
    if (event === undefined) throw new ConnectError(`there is no event ${name}`, Code.NotFound);
    return event;
  }

  serve(router: ConnectRouter, open: () => void = () => {}) {
    const { table } = this;
    router.service(EventService, {
      applyEvent: ({ event, dryRun }) => this.apply(event!, dryRun),
      getEvent: ({ name }) => ({ event: this.get(name) }),
      listEvents: () => ({ events: [...this.table.items.values()] }),
      deleteEvent: ({ name }) => {
        this.get(name);
        this.table.drop(name);
        return {};
      },
      checkEvent: ({ name }) => {
        const { spec } = this.get(name);
        return {
          ready: false,
          checks: [
            { name: "capacity", fleet: "rooms-green", ok: true, sentence: "All 34 slots that it wants now stand on 9 open servers." },
            { name: "maximum", fleet: "rooms-green", ok: spec!.attendance < 10_000, sentence: `${spec!.attendance} players need 34 servers and max_servers is 14: raise max_servers of fleet rooms-green to 34.` },
            { name: "lead", fleet: "", ok: true, sentence: "Servers were ready 12 s after their start; 5 min before the doors is enough." },
            { name: "queue", fleet: "", ok: true, sentence: "Nobody waits on the route." },
          ],
        };
      },
      watchEvents: async function* (_, { signal }) {
        open();
        for await (const [type, event] of follow(table, signal)) yield { type, event };
      },
    });
  }
}
