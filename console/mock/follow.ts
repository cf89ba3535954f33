import { ChangeType } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import type { Table } from "./house.ts";

/** A watch stream over a table: what is there, that this was all, then each change. */
export async function* follow<T>(table: Table<T>, signal: AbortSignal, wanted: (item: T) => boolean = () => true): AsyncIterable<[ChangeType, T | undefined]> {
  const queue: [ChangeType, T | undefined][] = [...table.items.values()].filter(wanted).map((item) => [ChangeType.ADDED, item]);
  queue.push([ChangeType.SYNCED, undefined]);
  let wake = () => {};
  const stop = table.watch((type, item) => {
    if (!wanted(item)) return;
    queue.push([type, item]);
    wake();
  });
  signal.addEventListener("abort", () => wake());
  try {
    while (!signal.aborted) {
      while (queue.length > 0) yield queue.shift()!;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
  }
}
