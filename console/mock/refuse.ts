import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Violation } from "../src/api/errors.ts";

/** INVALID_ARGUMENT with google.rpc.BadRequest, as Greenroom refuses fields. */
export function refuse(violations: readonly Violation[]): ConnectError {
  const error = new ConnectError(violations.map(({ path, sentence }) => `${path}: ${sentence}`).join("; "), Code.InvalidArgument);
  const writer = new BinaryWriter();
  for (const { path, sentence } of violations) {
    writer.tag(1, 2).bytes(new BinaryWriter().tag(1, 2).string(path).tag(2, 2).string(sentence).finish());
  }
  error.details.push({ type: "google.rpc.BadRequest", value: writer.finish() });
  return error;
}
