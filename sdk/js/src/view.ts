// The client's view of a room: who is in it, the state it keeps, and how far its events have been seen.
import { Positions } from "./positions.js";
import { type Entry, type Snapshot, type Welcome, stateDelete, stateOwned, stateRetain } from "./wire.js";

export interface State {
  owner: number;
  version: number;
  value: Uint8Array;
  // It goes with its owner.
  owned: boolean;
}

// A state that changed. value is undefined when it was deleted.
export interface StateChange {
  key: string;
  owner: number;
  version: number;
  value: Uint8Array | undefined;
  mine: boolean;
}

export interface Stats {
  // Connections after the first.
  reconnects: number;
  // Of these: those after which no event was missed.
  recovered: number;
  // Snapshots in mid-connection because this client read too slowly.
  resyncs: number;
  // Events that the room said this client missed (a resync, or a return after too long).
  missed: number;
  // Events that are missing though the room never said so, and events that came twice: both stay 0 in a sound room.
  gaps: number;
  duplicates: number;
}

export class View {
  readonly state = new Map<string, State>();
  readonly members = new Map<number, string>();
  readonly positions = new Positions();
  readonly stats: Stats = { reconnects: 0, recovered: 0, resyncs: 0, missed: 0, gaps: 0, duplicates: 0 };
  member = 0;
  // How many members there are, where a member is told of those in sight only; else undefined.
  occupancy: number | undefined;
  // Members come into sight and leave it.
  interest = false;
  epoch = 0n;
  offset = 0;
  // The position is that of a room this client has seen, so a Hello may ask to resume there.
  seen = false;
  // Events that the last snapshot said were missed; 0: an unknown number; undefined: none.
  lost: number | undefined;
  #recovered = false;
  #parts: { members: Map<number, string>; entries: Map<string, Entry> } | undefined;

  welcome(record: Welcome): void {
    if (this.seen) {
      this.stats.reconnects++;
      if (record.recovered) this.stats.recovered++;
    }
    this.#recovered = record.recovered && this.seen && record.epoch === this.epoch;
    this.#parts = undefined;
    this.member = record.member;
    this.interest = record.interest;
    this.occupancy = undefined;
    this.positions.resized(record.positionStep, record.farEveryMs);
  }

  // snapshot takes one part. With the last it returns the changes it brought, else undefined.
  snapshot(part: Snapshot): StateChange[] | undefined {
    if (part.first || !this.#parts) this.#parts = { members: new Map(), entries: new Map() };
    for (const { member, player } of part.members) this.#parts.members.set(member, player);
    for (const entry of part.entries) this.#parts.entries.set(entry.key, entry);
    if (!part.last) return undefined;
    const { members, entries } = this.#parts;
    this.#parts = undefined;
    this.#position(part);
    this.members.clear();
    this.positions.clear();
    for (const [member, player] of members) this.members.set(member, player);
    return this.#replace(entries);
  }

  // apply takes a state record and returns the change.
  apply(entry: Entry): StateChange {
    const gone = (entry.flags & stateDelete) !== 0;
    const value = gone ? undefined : entry.value.slice();
    const { key, owner, version } = entry;
    if (value === undefined) this.state.delete(key);
    else if (entry.flags & stateRetain) this.state.set(key, { owner, version, value, owned: (entry.flags & stateOwned) !== 0 });
    return { key, owner, version, value, mine: owner === this.member };
  }

  // event tells whether an event is new; it is counted when one before it is missing.
  event(offset: number): boolean {
    if (offset <= this.offset) {
      this.stats.duplicates++;
      return false;
    }
    this.stats.gaps += offset - this.offset - 1;
    this.offset = offset;
    return true;
  }

  // left takes a member away. In a room with an area of interest what it owns goes with it, and left returns those changes;
  // elsewhere the room says so itself.
  left(member: number): StateChange[] {
    this.members.delete(member);
    this.positions.forget(member);
    const changes: StateChange[] = [];
    if (!this.interest) return changes;
    for (const [key, { owner, owned, version }] of this.state) {
      if (owner !== member || !owned) continue;
      this.state.delete(key);
      changes.push({ key, owner, version, value: undefined, mine: owner === this.member });
    }
    return changes;
  }

  // A recovered client's missed events follow the snapshot, so its own position stands; else the snapshot's is the start.
  #position(part: Snapshot): void {
    const resuming = this.#recovered;
    this.#recovered = false;
    this.lost = undefined;
    if (resuming) return;
    if (this.seen && part.epoch !== this.epoch) this.lost = 0;
    else if (this.seen && part.offset > this.offset) {
      this.lost = part.offset - this.offset;
      this.stats.missed += this.lost;
    }
    this.epoch = part.epoch;
    this.offset = part.offset;
    this.seen = true;
  }

  #replace(entries: Map<string, Entry>): StateChange[] {
    const changes: StateChange[] = [];
    for (const [key, { owner, version }] of this.state) {
      if (entries.has(key)) continue;
      this.state.delete(key);
      changes.push({ key, owner, version, value: undefined, mine: owner === this.member });
    }
    for (const [key, entry] of entries) {
      const old = this.state.get(key);
      if (old && old.version === entry.version && old.owner === entry.owner && equal(old.value, entry.value)) continue;
      changes.push(this.apply({ ...entry, flags: entry.flags | stateRetain }));
    }
    return changes;
  }
}

export const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
