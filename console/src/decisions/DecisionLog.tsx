import type { Decision } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { isUnimplemented, sentenceOf } from "../api/errors.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Ago } from "../parts/Time.tsx";
import { filtered, isKnown, newer, outcome, verbsOf } from "./log.ts";
import { useLog } from "./useLog.ts";
import "./decisions.css";

/** So many servers of a decision are named at once; more on request. */
const INLINE_MAX = 2;

interface Props {
  /** Empty: all fleets. */
  fleet: string;
  verb: string | undefined;
  onVerb: (verb: string | undefined) => void;
  /** Stands before the choice of the verb. */
  children?: ReactNode;
}

/** What keepers did and why, the newest first. While somebody reads, new ones wait behind a button. */
export function DecisionLog({ fleet, verb, onVerb, children }: Props) {
  const { t, format } = useSpeech();
  const { log, loading, problem, busy, loadOlder, again } = useLog(fleet);
  const [reading, setReading] = useState(false);
  const [first, setFirst] = useState<bigint>();
  const box = useRef<HTMLElement>(null);
  const top = log.decisions[0]?.id;
  useEffect(() => {
    if (!reading) setFirst(undefined);
    else setFirst((held) => held ?? top);
  }, [reading, top]);
  const say = (one: string) => (isKnown(one) ? t(`verb.${one}`) : one);
  const waiting = newer(log, first);
  const shown = filtered(log, verb, first);
  return (
    <section
      className="decisions"
      ref={box}
      aria-label={t("decisions.title")}
      onPointerEnter={() => setReading(true)}
      onPointerLeave={() => setReading(box.current?.contains(document.activeElement) ?? false)}
      onFocus={() => setReading(true)}
      onBlur={() => setReading(box.current?.matches(":hover") ?? false)}
    >
      <div className="toolbar">
        <div className="toolbar-group">
          {children}
          <label className="labelled">
            <span>{t("decisions.verb")}</span>
            <select className="field" value={verb ?? ""} onChange={(event) => onVerb(event.target.value || undefined)}>
              <option value="">{t("decisions.all")}</option>
              {verbsOf(log).map((one) => <option key={one} value={one}>{say(one)}</option>)}
            </select>
          </label>
        </div>
        <p className="decisions-newer" role="status">
          {waiting > 0 && <button type="button" className="button" onClick={() => setFirst(top)}>{t("decisions.newer", { n: waiting })}</button>}
        </p>
      </div>
      {problem != null && (
        <p className="problem" role="alert">
          {t(isUnimplemented(problem) ? "app.older" : "decisions.failed", { problem: sentenceOf(problem) })}{" "}
          <button type="button" className="button plain" onClick={again}>{t("app.again")}</button>
        </p>
      )}
      {loading && <div className="bones" style={{ height: 180 }} />}
      {!loading && problem == null && log.decisions.length === 0 && <p className="blank">{t("decisions.none")}</p>}
      {log.decisions.length > 0 && shown.length === 0 && <p className="blank">{t("decisions.noneOf", { verb: verb === undefined ? "" : say(verb) })}</p>}
      <ol className="log">
        {shown.map((decision) => <Line key={String(decision.id)} decision={decision} withFleet={fleet === ""} />)}
      </ol>
      {log.decisions.length > 0 && (log.whole ? (
        <p className="note">{t("decisions.whole", { n: log.decisions.length })}</p>
      ) : (
        <p className="decisions-older">
          <button type="button" className="button" disabled={busy} onClick={() => void loadOlder()}>{busy ? t("decisions.loading") : t("decisions.older")}</button>
          <span className="note">{t("decisions.read", { n: log.decisions.length, time: oldest(log.decisions, format.moment) })}</span>
        </p>
      ))}
    </section>
  );
}

function oldest(decisions: readonly Decision[], write: (ms: number) => string): string {
  const at = decisions[decisions.length - 1]?.at;
  return at === undefined ? "" : write(Number(at.seconds) * 1_000);
}

function Line({ decision, withFleet }: { decision: Decision; withFleet: boolean }) {
  const { t } = useSpeech();
  const came = outcome(decision);
  const names = decision.servers.map((server) => <code key={server}>{server}</code>);
  return (
    <li className={`log-line ${came}`} data-verb={decision.verb}>
      <span className="log-time"><Ago at={decision.at} /></span>
      <div>
        <p>
          {withFleet && <b className="log-fleet">{decision.fleet}</b>} {decision.sentence}
        </p>
        {came === "failed" && <p className="problem">{t("decisions.result", { problem: decision.result })}</p>}
        {came === "underway" && <p className="note">{t("decisions.underway")}</p>}
        {decision.servers.length <= INLINE_MAX ? (
          <p className="log-servers">{names}</p>
        ) : (
          <details className="log-servers">
            <summary>{t("fleet.servers", { n: decision.servers.length })}</summary>
            {names}
          </details>
        )}
      </div>
    </li>
  );
}
