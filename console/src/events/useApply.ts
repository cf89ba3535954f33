import { type Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { useState } from "react";
import type { Api } from "../api/api.ts";
import { isConflict, isNotFound, sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";

/** How an apply came out. */
export type Outcome =
  | { is: "idle" | "busy" }
  | { is: "done"; event: Event }
  | { is: "failed"; problem: string }
  /** Somebody changed it meanwhile; `theirs` is undefined when it was cancelled. */
  | { is: "conflict"; mine: Event; theirs: Event | undefined };

/** Applies an event, and on a conflict brings what is there now. */
export async function applyEvent(events: Api["events"], mine: Event, dryRun = false): Promise<Outcome> {
  try {
    const { event } = await events.applyEvent({ event: mine, dryRun });
    return { is: "done", event: event ?? mine };
  } catch (cause) {
    return isConflict(cause) ? conflictWith(events, mine) : { is: "failed", problem: sentenceOf(cause) };
  }
}

async function conflictWith(events: Api["events"], mine: Event): Promise<Outcome> {
  try {
    const { event } = await events.getEvent({ name: mine.name });
    return { is: "conflict", mine, theirs: event };
  } catch (cause) {
    return isNotFound(cause) ? { is: "conflict", mine, theirs: undefined } : { is: "failed", problem: sentenceOf(cause) };
  }
}

/** The same with its progress for a component to show. */
export function useApply(onDone: (event: Event) => void) {
  const { api } = useHouse();
  const [outcome, setOutcome] = useState<Outcome>({ is: "idle" });
  const apply = async (mine: Event) => {
    setOutcome({ is: "busy" });
    const came = await applyEvent(api.events, mine);
    setOutcome(came);
    if (came.is === "done") onDone(came.event);
  };
  return { outcome, apply, reset: () => setOutcome({ is: "idle" }) };
}
