/** Stands in for @greenroom/client in mock mode: a room without a server, with people who walk about. */
export { JoinError } from "../../sdk/js/src/join.ts";

const PEOPLE = 23;
const TICK_MS = 100;

type Listener = (value: never) => void;

class MockRoom {
  status = "open";
  readonly state = new Map<string, { owner: number; version: number; value: Uint8Array }>();
  readonly members = new Map<number, string>();
  readonly member = 1;
  #listeners = new Map<string, Set<Listener>>();
  #timer: ReturnType<typeof setInterval>;
  #walkers: { player: string; x: number; y: number; tx: number; ty: number; rest: number }[] = [];

  constructor(player: string, people: number) {
    this.members.set(1, player);
    for (let i = 0; i < people; i++) {
      this.members.set(i + 2, `bot-${String(i + 1).padStart(3, "0")}`);
      this.#walkers.push({ player: `bot-${String(i + 1).padStart(3, "0")}`, x: Math.random() * 1000, y: Math.random() * 1000, tx: Math.random() * 1000, ty: Math.random() * 1000, rest: 0 });
    }
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  on(name: string, listener: Listener) {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(listener));
    return () => set.delete(listener);
  }

  setState(key: string, text: string) {
    this.#put(key, text, 1);
    return 1;
  }

  sendEvent(name: string) {
    this.#emit("event", { name, from: 1, offset: 1, payload: new Uint8Array() });
    return 1;
  }

  leave() {
    clearInterval(this.#timer);
    this.status = "closed";
  }

  #emit(name: string, value: unknown) {
    for (const listener of this.#listeners.get(name) ?? []) (listener as (value: unknown) => void)(value);
  }

  #put(key: string, text: string, owner: number) {
    const value = new TextEncoder().encode(text);
    this.state.set(key, { owner, version: 1, value });
    this.#emit("state", { key, owner, version: 1, value, mine: owner === 1 });
  }

  #tick() {
    this.#walkers.forEach((walker, i) => {
      const dx = walker.tx - walker.x;
      const dy = walker.ty - walker.y;
      const far = Math.hypot(dx, dy);
      if (walker.rest > 0) walker.rest--;
      else if (far < 20) Object.assign(walker, { tx: Math.random() * 1000, ty: Math.random() * 1000, rest: Math.floor(Math.random() * 30) });
      else Object.assign(walker, { x: walker.x + (dx / far) * 14, y: walker.y + (dy / far) * 14 });
      this.#put(`pos/${walker.player}`, JSON.stringify({ x: walker.x, y: walker.y }), i + 2);
    });
    if (Math.random() < 0.02) this.#emit("event", { name: "greet", from: 2 + Math.floor(Math.random() * this.#walkers.length), offset: 1, payload: new Uint8Array() });
  }
}

export async function enter(place: { player: string }) {
  const people = Number(new URLSearchParams(location.search).get("people") ?? PEOPLE);
  return new MockRoom(place.player, people);
}
