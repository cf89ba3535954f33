import type { Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sentenceOf } from "../api/errors.ts";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { millis, spanMillis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Panel } from "../parts/Panel.tsx";
import { useNow } from "../parts/Time.tsx";
import { CancelBox } from "./CancelBox.tsx";
import { PhaseGlyph } from "./PhaseGlyph.tsx";
import { type Shown, shownOf, standing } from "./phase.ts";

/** Checks are sentences about this moment: while one looks they are asked again this often. */
const CHECK_AGAIN_MS = 5_000;

interface Props {
  name: string;
  /** Undefined when it is not there, or not yet. */
  event: Event | undefined;
  loading: boolean;
  onClose: () => void;
  onEdit: () => void;
  onCancelled: (event: Event) => void;
}

/** One event: when, for how many, what stands for it, and what is missing. */
export function EventPanel({ name, event, loading, onClose, onEdit, onCancelled }: Props) {
  const { t } = useSpeech();
  const now = useNow();
  const mayOperate = useMayOperate();
  const [asking, setAsking] = useState(false);
  const [last, setLast] = useState<Event>();
  if (event !== undefined && event !== last) setLast(event);
  const known = event ?? last;
  const gone = event === undefined && !loading;
  const shown = known === undefined ? undefined : shownOf([known], now)[0];
  return (
    <Panel kind={t("event.kind")} title={shown?.title ?? name} onClose={onClose}>
      {gone && (
        <div className="blank" role="status">
          <strong>{t("event.gone")}</strong>
          <p>{t("event.gone.hint")}</p>
        </div>
      )}
      {shown === undefined && !gone && <div className="bones" style={{ height: 180 }} />}
      {shown !== undefined && <Facts shown={shown} />}
      {shown !== undefined && !gone && (
        <>
          {!mayOperate ? (
            <p className="note">{t("event.notAllowed")}</p>
          ) : asking ? (
            <CancelBox shown={shown} onCancelled={onCancelled} onKeep={() => setAsking(false)} />
          ) : (
            <div className="confirm-buttons">
              {shown.phase !== "over" && <button type="button" className="button" onClick={onEdit}>{t("event.edit")}</button>}
              <button type="button" className="button warn" onClick={() => setAsking(true)}>{t("event.cancel")}</button>
            </div>
          )}
          {shown.phase !== "over" && <Checks event={shown.event} />}
          <Command line={lines.checkEvent(name)} label={t("cli.same")} />
        </>
      )}
    </Panel>
  );
}

function Facts({ shown }: { shown: Shown }) {
  const { t, format } = useSpeech();
  const now = useNow();
  const { event, phase } = shown;
  const { spec, status } = event;
  const moment = (ms: number | undefined) => ms !== undefined && <time dateTime={new Date(ms).toISOString()} title={format.full(ms)}>{format.moment(ms)}</time>;
  const prepares = millis(status?.preparesAt);
  const stands = millis(status?.standsAt);
  return (
    <section className="event-facts">
      <p className={`event-phase ${phase}`} role="status">
        <PhaseGlyph phase={phase} share={standing(event)} size={22} />
        <span>
          <b data-testid="event-phase">{t(`phase.${phase}`)}</b>
          {status?.summary && <span className="event-summary">{status.summary}</span>}
        </span>
      </p>
      {phase !== "over" && <Slots event={event} />}
      <dl className="facts">
        <dt>{t("event.doors")}</dt>
        <dd data-testid="event-doors">{moment(shown.fromMs)} <span className="note">{format.relative(shown.fromMs, now)}</span></dd>
        <dt>{t("event.ends")}</dt>
        <dd>{moment(shown.toMs)} <span className="note">{format.length(shown.toMs - shown.fromMs)}</span></dd>
        {prepares !== undefined && (<><dt>{t("event.prepares")}</dt><dd>{moment(prepares)} <span className="note">{format.relative(prepares, now)}</span></dd></>)}
        {stands !== undefined && (<><dt>{t("event.standsAt")}</dt><dd>{moment(stands)}</dd></>)}
        <dt>{t("event.route")}</dt>
        <dd>{spec?.route}</dd>
        <dt>{t("event.attendance")}</dt>
        <dd>{format.number(spec?.attendance ?? 0)}</dd>
        {(spec?.playersPerSession ?? 0) > 0 && (<><dt>{t("event.perSession")}</dt><dd>{format.number(spec!.playersPerSession)}</dd></>)}
        <dt>{t("event.lead")}</dt>
        <dd>{spec?.lead === undefined ? <span className="note">{t("event.leadAuto")}</span> : format.length(spanMillis(spec.lead))}</dd>
        <dt>{t("event.ramp")}</dt>
        <dd>{spec?.ramp === undefined ? t("event.rampNone") : format.length(spanMillis(spec.ramp))}</dd>
        {phase === "open" && (<><dt>{t("event.players")}</dt><dd>{format.number(status?.players ?? 0)}</dd></>)}
      </dl>
      <p className="note">{t("events.zone", { zone: format.zone(shown.fromMs) })}</p>
    </section>
  );
}

function Slots({ event }: { event: Event }) {
  const { t } = useSpeech();
  const wanted = event.status?.slotsWanted ?? 0;
  const stands = event.status?.slotsStanding ?? 0;
  const said = wanted === 0 ? t("event.slotsNone") : t("event.slotsOf", { standing: stands, wanted });
  return (
    <div className="event-slots">
      <p>
        <span>{t("event.slots")}</span>
        <b>{said}</b>
      </p>
      <div className={`meter ${wanted > 0 && stands >= wanted ? "full" : ""}`} role="img" aria-label={said}>
        <i style={{ width: `${wanted === 0 ? 0 : standing(event) * 100}%` }} />
      </div>
    </div>
  );
}

function Checks({ event }: { event: Event }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const query = useQuery({
    queryKey: ["event-check", event.name, String(event.generation)],
    queryFn: ({ signal }) => api.events.checkEvent({ name: event.name }, { signal }),
    refetchInterval: CHECK_AGAIN_MS,
  });
  return (
    <section className="event-checks">
      <h3>{t("event.checks")}</h3>
      {query.isPending && <p className="note">{t("event.checks.loading")}</p>}
      {query.isError && <p className="problem">{t("event.checks.failed", { problem: sentenceOf(query.error) })}</p>}
      {query.data !== undefined && (
        <>
          <p>{t(query.data.ready ? "event.checks.ready" : "event.checks.notReady")}</p>
          <ul>
            {query.data.checks.map((one, i) => (
              <li key={i} className={one.ok ? "ok" : "bad"}>
                <svg width="16" height="16" viewBox="0 0 16 16" role="img" aria-label={t(one.ok ? "event.checks.ok" : "event.checks.bad")}>
                  <path d={one.ok ? "M3.5 8.5l3 3 6-6.5" : "M8 2.5v7m0 3v1"} />
                </svg>
                <span>
                  {one.sentence}
                  <span className="note"> {one.name}{one.fleet !== "" && ` · ${one.fleet}`}</span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
