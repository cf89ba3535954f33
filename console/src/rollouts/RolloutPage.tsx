import { FailureAction, RollbackSessions, type Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { LinkState } from "../app/LinkState.tsx";
import { lines } from "../cli/lines.ts";
import { spanMillis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Unheard } from "../parts/Unheard.tsx";
import { Ago } from "../parts/Time.tsx";
import { useWatch } from "../watch/useWatch.ts";
import { Actions, type Asked } from "./Actions.tsx";
import { Gates } from "./Gates.tsx";
import { Moves } from "./Moves.tsx";
import { PhaseBadge } from "./PhaseBadge.tsx";
import { isUnderWay, phaseOf, sessionsOf, weightsText } from "./rollout.ts";
import { useRollouts } from "./useRollouts.ts";
import { NextStep, Way } from "./Way.tsx";
import "../decisions/decisions.css";
import "../routes/routes.css";
import "./rollouts.css";

const Comparison = lazy(() => import("./Comparison.tsx").then((module) => ({ default: module.Comparison })));

const here = getRouteApi("/rollouts/$name");

/** One rollout: where it is, what its gates say, both fleets side by side, and what can be done. */
export function RolloutPage() {
  const { t } = useSpeech();
  const { name } = here.useParams();
  const watch = useRollouts();
  const rollout = watch.items.get(name);
  const [last, setLast] = useState<Rollout>();
  if (rollout !== undefined && rollout !== last) setLast(rollout);
  const known = rollout ?? (last?.name === name ? last : undefined);
  return (
    <main className="page page-stack rollouts" id="content">
      <div className="toolbar">
        <div className="page-head">
          <p className="note"><Link to="/rollouts" className="plain-link">{t("rollout.title")}</Link></p>
          <h1>{name}</h1>
        </div>
        <div className="toolbar-group"><LinkState watches={[watch]} /></div>
      </div>
      <Unheard watch={watch} />
      {watch.phase === "live" && rollout === undefined && (
        <div className="blank" role="status">
          <strong>{t("rollout.gone")}</strong>
          <p>{t("rollout.gone.hint")}</p>
        </div>
      )}
      {known === undefined && watch.phase === "connecting" && watch.problem === "" && <div className="bones" style={{ height: 240 }} />}
      {known !== undefined && <Known rollout={known} />}
    </main>
  );
}

function Known({ rollout }: { rollout: Rollout }) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const mayOperate = useMayOperate();
  const navigate = here.useNavigate();
  const fleet = useWatch(api.watch.fleets).items.get(rollout.spec?.to ?? "");
  const [asked, setAsked] = useState<Asked>();
  const { spec, status } = rollout;
  const weight = status?.weightPpm ?? 0;
  const pick = (weightPpm: number) => setAsked(weightPpm === 0 ? { what: "rollback" } : { what: "promote", weightPpm });
  const live = mayOperate && isUnderWay(rollout);
  return (
    <>
      <section className="rollout-now" aria-label={t("rollout.now")}>
        <header>
          <PhaseBadge phase={phaseOf(rollout)} />
          <p className="rollout-sentence" data-testid="rollout-sentence">{status?.sentence}</p>
          <NextStep rollout={rollout} />
        </header>
        <p className="rollout-shares">
          <span><Link to="/fleets/$name" params={{ name: status?.from ?? "" }} className="plain-link">{status?.from}</Link> <b>{format.ppm(1_000_000 - weight)}</b></span>
          <span><Link to="/fleets/$name" params={{ name: spec?.to ?? "" }} className="plain-link">{spec?.to}</Link> <b>{format.ppm(weight)}</b></span>
        </p>
        <Way rollout={rollout} asked={asked?.what === "promote" && asked.weightPpm > 0 ? asked.weightPpm : undefined} {...(live ? { onPick: pick } : {})} />
        <Actions rollout={rollout} fleet={fleet} asked={asked} onAsk={setAsked} onDeleted={() => void navigate({ to: "/rollouts", search: {} })} />
      </section>
      <section aria-labelledby="gates">
        <h2 id="gates">{t("gates.title")}</h2>
        <Gates rollout={rollout} />
      </section>
      <section aria-labelledby="compare">
        <h2 id="compare">{t("compare.title")}</h2>
        <Suspense fallback={<div className="bones" style={{ height: 210 }} />}>
          <Comparison rollout={rollout} />
        </Suspense>
      </section>
      <div className="rollout-columns">
        <section aria-labelledby="moves">
          <h2 id="moves">{t("moves.title")}</h2>
          <Moves moves={status?.moves ?? []} />
        </section>
        <section aria-labelledby="spec">
          <h2 id="spec">{t("rollout.spec")}</h2>
          <dl className="facts">
            <dt>{t("route.one")}</dt>
            <dd><Link to="/routes" hash={spec?.route ?? ""} className="plain-link">{spec?.route}</Link></dd>
            <dt>{t("rollout.before")}</dt>
            <dd>{weightsText(status?.before ?? [], format.ppm)}</dd>
            <dt>{t("rollout.onFailure")}</dt>
            <dd>{t(spec?.onFailure === FailureAction.PAUSE ? "rollout.failPause" : "rollout.failRollback")}</dd>
            <dt>{t("rollback.sessions")}</dt>
            <dd>{t(sessionsOf(rollout) === RollbackSessions.DRAIN ? "rollback.drain" : "rollback.stay")}</dd>
            <dt>{t("rollout.patience")}</dt>
            <dd>{spanMillis(spec?.patience) > 0 ? format.length(spanMillis(spec?.patience)) : t("rollout.patienceEver")}</dd>
            <dt>{t("rollout.began")}</dt>
            <dd><Ago at={status?.moves[0]?.at ?? rollout.createdAt} /></dd>
          </dl>
          <Command line={lines.rolloutStatus(rollout.name)} label={t("cli.same")} />
        </section>
      </div>
    </>
  );
}
