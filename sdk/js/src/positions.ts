// Where the members of a room stand: the room's compact positions, in units of length and degrees.
import { toBytes } from "./bytes.js";
import type { MemberPosition, Position as Steps } from "./wire.js";

// Position is a place in the room's units of length, with a heading in degrees.
export interface Position {
  x: number;
  y: number;
  z: number;
  yaw: number;
  // The game's own, up to 64 bytes, such as a pose.
  data: Uint8Array;
}

// MemberPlace is where a member was last said to stand.
export interface MemberPlace extends Position {
  // The member is beyond this one's sight: its positions come seldom, and nothing else of it does.
  far: boolean;
}

// What move takes: what is left out is 0, or empty.
export type Move = Partial<Omit<Position, "data">> & { data?: Uint8Array | string };

export const maxPositionData = 64;
const yawSteps = 256;

export class Positions {
  readonly places = new Map<number, MemberPlace>();
  readonly #farHeardAt = new Map<number, number>();
  #step = 0.01;
  #farEveryMs = 0;

  // resized takes what Welcome says of positions.
  resized(step: number, farEveryMs: number): void {
    this.#step = step;
    this.#farEveryMs = farEveryMs;
  }

  clear(): void {
    this.places.clear();
    this.#farHeardAt.clear();
  }

  // take gives the members whose place is another one now: those told of, and the far ones that were not for too long.
  take(entries: MemberPosition[], nowMs: number): number[] {
    const changed = this.#forgetFar(nowMs);
    for (const { member, far, position } of entries) {
      this.places.set(member, { ...this.units(position), far });
      if (far) this.#farHeardAt.set(member, nowMs);
      else this.#farHeardAt.delete(member);
      changed.push(member);
    }
    return changed;
  }

  forget(member: number): void {
    this.places.delete(member);
    this.#farHeardAt.delete(member);
  }

  // steps gives a move as the wire has it. Throws a RangeError when it is outside of what a position can say.
  steps({ x = 0, y = 0, z = 0, yaw = 0, data = "" }: Move): Steps {
    const bytes = toBytes(data).slice();
    if (bytes.length > maxPositionData) throw new RangeError(`a position carries at most ${maxPositionData} bytes, not ${bytes.length}`);
    if (!Number.isFinite(yaw)) throw new RangeError(`yaw is ${yaw}`);
    const turn = (((Math.round((yaw / 360) * yawSteps) % yawSteps) + yawSteps) % yawSteps);
    return { x: this.#count("x", x), y: this.#count("y", y), z: this.#count("z", z), yaw: turn, data: bytes };
  }

  // units gives what the wire says in units of length and degrees.
  units({ x, y, z, yaw, data }: Steps): Position {
    const step = this.#step;
    return { x: x * step, y: y * step, z: z * step, yaw: (yaw * 360) / yawSteps, data: data.slice() };
  }

  #count(axis: string, units: number): number {
    const steps = Math.round(units / this.#step);
    if (!(steps >= -32768 && steps <= 32767)) {
      throw new RangeError(`${axis} is ${units}; this room reaches from ${-32768 * this.#step} to ${32767 * this.#step}`);
    }
    return steps;
  }

  #forgetFar(nowMs: number): number[] {
    const gone: number[] = [];
    for (const [member, at] of this.#farHeardAt) if (nowMs - at > 3 * this.#farEveryMs) gone.push(member);
    for (const member of gone) this.forget(member);
    return gone;
  }
}
