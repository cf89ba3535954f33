import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

/** The sentence of an error for people: Greenroom's own, without the code in front. */
export function sentenceOf(cause: unknown): string {
  return ConnectError.from(cause).rawMessage;
}

/** Tells whether the call was refused for want of a good token. */
export function isUnauthenticated(cause: unknown): boolean {
  return ConnectError.from(cause).code === Code.Unauthenticated;
}

/** Tells whether the thing asked for is not there. */
export function isNotFound(cause: unknown): boolean {
  return ConnectError.from(cause).code === Code.NotFound;
}

/** Tells whether somebody else changed the thing meanwhile. */
export function isConflict(cause: unknown): boolean {
  return ConnectError.from(cause).code === Code.Aborted;
}

/** Tells whether Greenroom is older than this page and does not know the call. */
export function isUnimplemented(cause: unknown): boolean {
  return ConnectError.from(cause).code === Code.Unimplemented;
}

/** What is wrong with one field, by the path of the YAML: `spec.steps[1].weight_ppm`. An empty path means the whole. */
export interface Violation {
  readonly path: string;
  readonly sentence: string;
}

/** The fields that an error complains of; none when it is of another kind. */
export function violationsOf(cause: unknown): Violation[] {
  const details = ConnectError.from(cause).details;
  return details.flatMap((one) => ("type" in one && one.type === "google.rpc.BadRequest" && one.value instanceof Uint8Array ? readBadRequest(one.value) : []));
}

/** google.rpc.BadRequest: field 1, repeated, is a violation; of it, field 1 is the path and field 2 the sentence. */
function readBadRequest(bytes: Uint8Array): Violation[] {
  const found: Violation[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) found.push(readViolation(reader.bytes()));
    else reader.skip(type, field);
  }
  return found;
}

function readViolation(bytes: Uint8Array): Violation {
  const reader = new BinaryReader(bytes);
  let [path, sentence] = ["", ""];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) path = reader.string();
    else if (field === 2) sentence = reader.string();
    else reader.skip(type, field);
  }
  return { path, sentence };
}
