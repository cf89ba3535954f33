import type { Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { Link } from "@tanstack/react-router";
import { useSpeech } from "../i18n/language.tsx";
import { VerdictSign } from "./Gates.tsx";
import { PhaseBadge } from "./PhaseBadge.tsx";
import { isUnderWay, phaseOf, verdictOf } from "./rollout.ts";
import { NextStep, Way } from "./Way.tsx";

/** One rollout at a glance: how it stands, where it is, and what its gates say. */
export function RolloutCard({ rollout }: { rollout: Rollout }) {
  const { t, format } = useSpeech();
  const { spec, status } = rollout;
  const gates = status?.gates ?? [];
  return (
    <article className="rollout-card" data-rollout={rollout.name}>
      <header>
        <h3><Link to="/rollouts/$name" params={{ name: rollout.name }} className="plain-link">{rollout.name}</Link></h3>
        <PhaseBadge phase={phaseOf(rollout)} />
        <p className="rollout-what">
          {t("rollout.what", { route: spec?.route ?? "", from: status?.from ?? "", to: spec?.to ?? "" })} <b>{format.ppm(status?.weightPpm ?? 0)}</b>
        </p>
      </header>
      <Way rollout={rollout} />
      <footer>
        <p className="rollout-says">{status?.sentence}</p>
        {isUnderWay(rollout) && (
          <p className="rollout-gates">
            {gates.map((gate) => <span key={gate.name} title={gate.sentence}><VerdictSign verdict={verdictOf(gate)} />{gate.name}</span>)}
          </p>
        )}
        <NextStep rollout={rollout} />
      </footer>
    </article>
  );
}
