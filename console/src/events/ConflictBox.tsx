import { create } from "@bufbuild/protobuf";
import { type Event, EventSchema } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { useSpeech } from "../i18n/language.tsx";
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
  const title = mine.spec?.title || mine.name;
  const differ = theirs === undefined ? [] : differences(mine, theirs);
  const again = () => onMine(create(EventSchema, { ...mine, generation: theirs?.generation ?? 0n }));
  return (
    <div className="confirm conflict" role="alert">
      <h3>{t("conflict.title", { title })}</h3>
      <p>{theirs === undefined ? t("conflict.gone") : t("conflict.explain", { mine: String(mine.generation), theirs: String(theirs.generation) })}</p>
      {theirs !== undefined && differ.length === 0 && <p className="note">{t("conflict.none")}</p>}
      {differ.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t("conflict.field")}</th>
              <th scope="col">{t("conflict.mine")}</th>
              <th scope="col">{t("conflict.theirs")}</th>
            </tr>
          </thead>
          <tbody>
            {differ.map(({ field, mine, theirs }) => (
              <tr key={field}>
                <th scope="row">{t(labels[field])}</th>
                <td>{shown(mine)}</td>
                <td>{shown(theirs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="confirm-buttons">
        <button type="button" className="button" onClick={onTheirs}>{t("conflict.takeTheirs")}</button>
        <button type="button" className="button warn" onClick={again}>{t("conflict.takeMine")}</button>
      </div>
    </div>
  );
}

function shown(value: string): string {
  return value === "" ? "–" : value.replace(/^(\d{4}-\d\d-\d\d)T/, "$1 ");
}
