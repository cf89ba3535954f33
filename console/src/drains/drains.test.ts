import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ServerSchema } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { expect, test } from "vitest";
import { leaving, leavingOf, phaseKey, spent } from "./leaving.ts";

const draining = (name: string, deadlineMs: number | undefined, state = ServerState.DRAINING) =>
  create(ServerSchema, {
    name, state,
    drain: { startedAt: timestampFromMs(1_000), deadlineAt: deadlineMs === undefined ? undefined : timestampFromMs(deadlineMs), reason: "node rack-3 leaves: spot", phase: "handing over", sessionsLeft: 2, playersLeft: 31 },
  });

test("what leaves is what drains, the nearest deadline first, one without last", () => {
  const all = [draining("c", undefined), draining("b", 9_000), draining("a", 5_000), draining("over", 1_000, ServerState.EMPTY), create(ServerSchema, { name: "open", state: ServerState.OPEN })];
  expect(leaving(all).map(({ server }) => server.name)).toEqual(["a", "b", "c"]);
  expect(leavingOf(all[1]!)).toMatchObject({ reason: "node rack-3 leaves: spot", sessions: 2, players: 31, deadlineMs: 9_000 });
});

test("the time until the deadline runs out once, and nothing runs without one", () => {
  const one = leavingOf(draining("b", 9_000))!;
  expect([spent(one, 0), spent(one, 5_000), spent(one, 99_000), spent(leavingOf(draining("c", undefined))!, 5_000)]).toEqual([0, 0.5, 1, 0]);
});

test("a phase that is newer than this console is said in Greenroom's word", () => {
  expect([phaseKey("past deadline"), phaseKey("floating")]).toEqual(["dphase.past deadline", undefined]);
});
