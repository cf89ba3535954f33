// The wire's primitives: one byte, uvarint (unsigned LEB128), string and bytes behind their length.

// WireError says that bytes from the other side are not what docs/WIRE.md allows.
export class WireError extends Error {
  override name = "WireError";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

// text gives the UTF-8 bytes of a string; bytes pass through.
export function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

// Writer appends to a buffer that grows.
export class Writer {
  #buffer = new Uint8Array(64);
  #length = 0;

  byte(value: number): this {
    this.#room(1);
    this.#buffer[this.#length++] = value;
    return this;
  }

  // Takes whole numbers from 0 up to 2^53-1, and bigints up to 2^64-1.
  uvarint(value: number | bigint): this {
    if (typeof value === "bigint") {
      if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`${value} is not an unsigned 64-bit number`);
      for (; value > 0x7fn; value >>= 7n) this.byte(Number(value & 0x7fn) | 0x80);
      return this.byte(Number(value));
    }
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a whole number from 0 to 2^53-1`);
    for (; value > 0x7f; value = Math.floor(value / 128)) this.byte((value % 128) | 0x80);
    return this.byte(value);
  }

  // Little endian, from -32768 to 32767.
  int16(value: number): this {
    if (!Number.isInteger(value) || value < -32768 || value > 32767) throw new RangeError(`${value} is not a whole number from -32768 to 32767`);
    return this.byte(value & 0xff).byte((value >> 8) & 0xff);
  }

  bytes(value: Uint8Array): this {
    this.uvarint(value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  string(value: string): this {
    return this.bytes(encoder.encode(value));
  }

  // A view of what was written; the writer's next write may change it.
  done(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more));
    grown.set(this.done());
    this.#buffer = grown;
  }
}

// Reader takes from bytes that somebody else sent: whatever is missing or too long is a WireError.
export class Reader {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new WireError("the record ends too early");
    this.#at++;
    return value;
  }

  // Little endian, signed.
  int16(): number {
    const low = this.byte();
    return ((low | (this.byte() << 8)) << 16) >> 16;
  }

  big(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      if (shift === 63n && byte > 1) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new WireError("a number is longer than 64 bits");
  }

  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    // Seven groups hold 49 bits; the rare larger number is read the slow way.
    this.#at -= 7;
    const big = this.big();
    if (big > BigInt(Number.MAX_SAFE_INTEGER)) throw new WireError("a number is larger than 2^53-1");
    return Number(big);
  }

  // A view of the message's bytes; copy what is to be kept.
  bytes(): Uint8Array {
    const length = this.uvarint();
    if (length > this.left) throw new WireError(`a field of ${length} bytes in a record with ${this.left} left`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  string(): string {
    const raw = this.bytes();
    try {
      return decoder.decode(raw);
    } catch {
      throw new WireError("a string is not UTF-8");
    }
  }

  // Checks that a list of n elements of at least size bytes can be there, before anything is made for it.
  count(size: number): number {
    const n = this.uvarint();
    if (n * size > this.left) throw new WireError(`a list of ${n} in a record with ${this.left} bytes left`);
    return n;
  }
}
