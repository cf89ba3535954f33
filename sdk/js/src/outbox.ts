// What a player says that the room has not acknowledged, and what it said that the room should keep. The room takes each
// seq once, so what is sent again after a reconnect is taken once.
import { type State, equal } from "./view.js";
import { type ClientRecord, stateCheck, stateDelete, stateRetain } from "./wire.js";

export type Message = Extract<ClientRecord, { seq: number }>;
type StateMessage = Extract<Message, { type: "state" }>;

// Own is the player's last word on a retained key. version: the newest the room has echoed of this player's, 0 if none;
// the last word's own is that or newer.
interface Own {
  message: StateMessage;
  version: number;
}

// Limits: what may wait for the room's acknowledgement. Beyond them sending fails.
export const maxWaiting = 1024;
export const maxWaitingBytes = 1 << 20;

export class Outbox {
  // In order of seq; everything before #unsent has been sent on this connection.
  #waiting: Message[] = [];
  #unsent = 0;
  #bytes = 0;
  #seq = 0;
  readonly #own = new Map<string, Own>();

  // add numbers a message. A state that replaces one which was never sent takes its place. Throws when full.
  add(message: Message, bounded = true): number {
    const size = sizeOf(message);
    const at = message.type === "state" ? this.#replaceable(message) : -1;
    const replaced = this.#waiting[at];
    const grow = size - (replaced ? sizeOf(replaced) : 0);
    const full = this.#bytes + grow > maxWaitingBytes || (!replaced && this.#waiting.length >= maxWaiting);
    if (bounded && full) {
      throw new Error(`the room has not acknowledged ${this.#waiting.length} messages; wait before sending more`);
    }
    this.#bytes += grow;
    if (message.type === "state") this.#remember(message);
    message.seq = replaced ? replaced.seq : ++this.#seq;
    if (replaced) this.#waiting[at] = message;
    else this.#waiting.push(message);
    return message.seq;
  }

  // take gives what is to be sent now.
  take(): Message[] {
    const messages = this.#waiting.slice(this.#unsent);
    this.#unsent = this.#waiting.length;
    return messages;
  }

  acked(seq: number): void {
    let n = 0;
    for (; n < this.#waiting.length; n++) {
      const message = this.#waiting[n];
      if (!message || message.seq > seq) break;
      this.#bytes -= sizeOf(message);
    }
    this.#waiting.splice(0, n);
    this.#unsent = Math.max(0, this.#unsent - n);
  }

  // resumed takes Welcome's last seq: what the room took is gone, the rest follows from there and is sent again.
  resumed(lastSeq: number, first: boolean): void {
    if (!first) this.acked(lastSeq);
    this.#seq = lastSeq;
    for (const message of this.#waiting) message.seq = ++this.#seq;
    this.#unsent = 0;
  }

  // rejected forgets a state that the room did not take.
  rejected(seq: number): void {
    for (const [key, own] of this.#own) if (own.message.seq === seq) this.#own.delete(key);
  }

  // echoed takes what the room says of a key: that is the last word, unless one of ours is still on its way.
  echoed(key: string, mine: boolean, version: number, deleted: boolean): void {
    const own = this.#own.get(key);
    if (!own) return;
    if (mine && !deleted) own.version = version;
    else if (!this.#isWaiting(key)) this.#own.delete(key);
  }

  // restore sends again what a new snapshot lacks of the player's own state, or has older. Somebody else's newer value
  // stands.
  restore(kept: (key: string) => State | undefined, member: number): void {
    for (const [key, own] of [...this.#own]) {
      if (this.#isWaiting(key)) continue;
      const there = kept(key);
      if (there && equal(there.value, own.message.value)) own.version = there.version;
      else if (there && there.owner !== member && own.version > 0 && there.version > own.version) this.#own.delete(key);
      else this.add({ ...own.message }, false);
    }
  }

  #remember(message: StateMessage): void {
    const keep = (message.flags & (stateRetain | stateDelete | stateCheck)) === stateRetain;
    if (keep) this.#own.set(message.key, { message, version: this.#own.get(message.key)?.version ?? 0 });
    else this.#own.delete(message.key);
  }

  #replaceable(message: StateMessage): number {
    for (let i = this.#waiting.length - 1; i >= this.#unsent; i--) {
      const other = this.#waiting[i];
      if (other?.type === "state" && other.key === message.key) {
        return (other.flags | message.flags) & stateCheck ? -1 : i;
      }
    }
    return -1;
  }

  #isWaiting(key: string): boolean {
    return this.#waiting.some((message) => message.type === "state" && message.key === key);
  }
}

function sizeOf(message: Message): number {
  return message.type === "state" ? message.key.length + message.value.length : message.name.length + message.payload.length;
}
