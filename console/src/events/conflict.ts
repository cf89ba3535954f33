import type { Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { type Draft, draftOf, type Field } from "./form.ts";

/** A field that two versions of an event disagree on. */
export interface Difference {
  readonly field: Field;
  readonly mine: string;
  readonly theirs: string;
}

const fields: readonly Field[] = ["title", "route", "doors", "ends", "attendance", "perSession", "lead", "ramp"];

/** What this page wants against what somebody else made of the event meanwhile. */
export function differences(mine: Event, theirs: Event): Difference[] {
  const [a, b]: [Draft, Draft] = [draftOf(mine), draftOf(theirs)];
  return fields.filter((field) => a[field] !== b[field]).map((field) => ({ field, mine: a[field], theirs: b[field] }));
}
