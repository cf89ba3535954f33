import { create } from "@bufbuild/protobuf";
import { type Event, EventSchema } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Conflict } from "../parts/Conflict.tsx";
import { differences } from "./conflict.ts";
import { type Field } from "./form.ts";

/** What each field of the form is called. */
export const labels: Record<Field, MessageKey> = {
  title: "event.title", name: "event.name", route: "event.route", doors: "event.doors", ends: "event.ends",
  attendance: "event.attendance", perSession: "event.perSession", lead: "event.lead", ramp: "event.ramp",
};

interface Props {
  mine: Event;
  /** Undefined when it was cancelled. */
  theirs: Event | undefined;
  onMine: (event: Event) => void;
  onTheirs: () => void;
}

/** Two people changed one event: both values of each field, and the choice. */
export function ConflictBox({ mine, theirs, onMine, onTheirs }: Props) {
  const { t } = useSpeech();
  const differ = theirs === undefined ? [] : differences(mine, theirs);
  return (
    <Conflict
      title={t("conflict.title", { title: mine.spec?.title || mine.name })}
      explain={theirs === undefined ? t("conflict.gone") : t("conflict.explain", { mine: String(mine.generation), theirs: String(theirs.generation) })}
      differ={differ.map(({ field, mine, theirs }) => ({ field: t(labels[field]), mine: shown(mine), theirs: shown(theirs) }))}
      gone={theirs === undefined}
      onMine={() => onMine(create(EventSchema, { ...mine, generation: theirs?.generation ?? 0n }))}
      onTheirs={onTheirs}
    />
  );
}

function shown(value: string): string {
  return value.replace(/^(\d{4}-\d\d-\d\d)T/, "$1 ");
}
