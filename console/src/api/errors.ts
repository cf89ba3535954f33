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
