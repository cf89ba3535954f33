import { enter, type Place, type Room, type Status } from "@greenroom/client";
import { begin, hear, type Point, readPosition, type Track } from "./track.ts";
import { SAY_MS, type Walk, walkOn } from "./walk.ts";

/** Guests may wave: an event that the room tells everybody. Not "wave", which the demo's bots say every second. */
const WAVE = "greet";
/** A wave is seen this long. */
export const WAVE_MS = 1_400;

const { compare: byName } = new Intl.Collator("en", { numeric: true });

/** One visit to a room by one guest: who is where, and the guest's own walk. Owns the connection until `leave`. */
export class Visit {
  /** Everybody's way, by player. Changed in place; the canvas reads it every frame. */
  readonly tracks = new Map<string, Track>();
  /** When somebody last waved, by player. */
  readonly waves = new Map<string, number>();
  readonly held = new Set<string>();
  readonly player: string;
  walk: Walk;
  #room: Room;
  #said: Point | undefined;
  #saidAtMs = 0;
  #serial = 0;
  #off: (() => void)[] = [];

  /** Goes in at a place of the room; rejects when there is no way in. */
  static async enter(place: Place, at: Point, rejoin: () => Promise<Place>, signal: AbortSignal): Promise<Visit> {
    const room = await enter(place, { rejoin, signal });
    return new Visit(room, place.player, at);
  }

  private constructor(room: Room, player: string, at: Point) {
    this.#room = room;
    this.player = player;
    this.walk = { at, target: undefined };
    for (const [key, { value }] of room.state) this.#heard(key, value);
    this.#off.push(
      room.on("state", ({ key, value }) => this.#heard(key, value)),
      room.on("event", ({ name, from }) => {
        const who = room.members.get(from);
        if (name === WAVE && who !== undefined) this.waves.set(who, performance.now());
      }),
    );
    this.#say(performance.now());
  }

  get status(): Status {
    return this.#room.status;
  }

  /** The players in the room, sorted by name; the guest first. */
  people(): string[] {
    const others = [...this.#room.members.values()].filter((player) => player !== this.player);
    return [this.player, ...others.sort(byName)];
  }

  /** Where a player was last heard of; undefined for one who has no place on the map. */
  whereIs(player: string): Point | undefined {
    return player === this.player ? this.walk.at : this.tracks.get(player)?.samples.at(-1);
  }

  onStatus(listener: (status: Status, problem: string) => void): () => void {
    return this.#room.on("status", ({ status, error }) => listener(status, error?.message ?? ""));
  }

  onMembers(listener: () => void): () => void {
    return this.#room.on("members", listener);
  }

  wave() {
    if (this.#room.status !== "closed") this.#room.sendEvent(WAVE);
  }

  /** Walks on by one frame, and tells the room where to, ten times a second at most. */
  frame(nowMs: number, elapsedMs: number) {
    this.walk = walkOn(this.walk, this.held, elapsedMs);
    const moved = this.#said === undefined || this.#said.x !== this.walk.at.x || this.#said.y !== this.walk.at.y;
    if (moved && nowMs - this.#saidAtMs >= SAY_MS) this.#say(nowMs);
  }

  leave() {
    for (const off of this.#off.splice(0)) off();
    this.#room.leave();
  }

  #say(nowMs: number) {
    if (this.#room.status === "closed") return;
    this.#said = this.walk.at;
    this.#saidAtMs = nowMs;
    const value = { x: Math.round(this.walk.at.x * 10) / 10, y: Math.round(this.walk.at.y * 10) / 10, n: ++this.#serial, t: Date.now() };
    try {
      this.#room.setState(`pos/${this.player}`, JSON.stringify(value), { retain: true, owned: true });
    } catch {
      // The way back in takes long and enough waits to be sent: the next position says more than this one.
    }
  }

  #heard(key: string, value: Uint8Array | undefined) {
    if (!key.startsWith("pos/")) return;
    const player = key.slice("pos/".length);
    const at = value === undefined ? undefined : readPosition(value);
    const track = this.tracks.get(player);
    if (at === undefined) this.tracks.delete(player);
    else this.tracks.set(player, track === undefined ? begin(at, performance.now()) : hear(track, at, performance.now()));
  }
}
