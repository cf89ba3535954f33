import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { useMutation } from "@tanstack/react-query";
import { sentenceOf } from "../api/errors.ts";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { ConfirmBox } from "../parts/ConfirmBox.tsx";
import { isUnderWay, nextStep, phaseOf } from "./rollout.ts";
import { RollbackBox } from "./RollbackBox.tsx";

/** What is being asked about. */
export type Asked = { readonly what: "promote"; readonly weightPpm: number } | { readonly what: "rollback" } | { readonly what: "delete" };

interface Props {
  rollout: Rollout;
  /** The fleet that gets the sessions. */
  fleet: Fleet | undefined;
  asked: Asked | undefined;
  onAsk: (asked: Asked | undefined) => void;
  onDeleted: () => void;
}

/** What an operator can do to a rollout. Pausing asks nothing: it changes nobody's place. */
export function Actions({ rollout, fleet, asked, onAsk, onDeleted }: Props) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const mayOperate = useMayOperate();
  const { name } = rollout;
  const phase = phaseOf(rollout);
  const reason = t("drain.reason");
  const close = () => onAsk(undefined);
  const pause = useMutation({ mutationFn: () => api.rollouts.pauseRollout({ name, reason }) });
  const resume = useMutation({ mutationFn: () => api.rollouts.resumeRollout({ name }) });
  const remove = useMutation({ mutationFn: () => api.rollouts.deleteRollout({ name, generation: rollout.generation }), onSuccess: onDeleted });
  const next = nextStep(rollout);
  if (!mayOperate) return <p className="note">{t("rollout.notAllowed")}</p>;
  if (asked?.what === "rollback") return <RollbackBox rollout={rollout} fleet={fleet} onDone={close} onKeep={close} />;
  if (asked?.what === "promote") return <PromoteBox rollout={rollout} weightPpm={asked.weightPpm} onDone={close} onKeep={close} />;
  if (asked?.what === "delete") {
    return (
      <ConfirmBox
        name="delete-rollout"
        title={t("rollout.delete.title", { name })}
        touches={t("rollout.delete.touches")}
        problem={remove.isError ? t("rollout.failed", { problem: sentenceOf(remove.error) }) : ""}
        confirm={t("rollout.delete.confirm")}
        pending={t("drain.busy")}
        busy={remove.isPending}
        keep={t("rollout.delete.keep")}
        onConfirm={() => remove.mutate()}
        onKeep={close}
        line={lines.deleteRollout(name)}
      />
    );
  }
  const failed = pause.error ?? resume.error;
  return (
    <div className="rollout-actions">
      <div className="confirm-buttons">
        {phase === "running" && <button type="button" className="button" disabled={pause.isPending} onClick={() => { resume.reset(); pause.mutate(); }}>{t("rollout.pause")}</button>}
        {phase === "paused" && <button type="button" className="button main" disabled={resume.isPending} onClick={() => { pause.reset(); resume.mutate(); }}>{t("rollout.resume")}</button>}
        {isUnderWay(rollout) && next !== undefined && (
          <button type="button" className="button" onClick={() => onAsk({ what: "promote", weightPpm: 0 })}>{t("rollout.promote", { share: format.ppm(next.ppm) })}</button>
        )}
        {isUnderWay(rollout) && next === undefined && <button type="button" className="button" onClick={() => onAsk({ what: "promote", weightPpm: 0 })}>{t("rollout.finish")}</button>}
        {phase !== "rolled back" && phase !== "replaced" && <button type="button" className="button warn" onClick={() => onAsk({ what: "rollback" })}>{t("rollout.rollback")}</button>}
        {phase !== "running" && <button type="button" className="button plain" onClick={() => { remove.reset(); onAsk({ what: "delete" }); }}>{t("rollout.delete")}</button>}
      </div>
      {failed != null && <p className="problem" role="alert">{t("rollout.failed", { problem: sentenceOf(failed) })}</p>}
      <Command line={phase === "running" ? lines.pauseRollout(name, reason) : phase === "paused" ? lines.resumeRollout(name) : lines.rolloutStatus(name)} label={t("cli.same")} />
    </div>
  );
}

/** Moving on without waiting for the gates, to the next step (0) or to a weight. */
function PromoteBox({ rollout, weightPpm, onDone, onKeep }: { rollout: Rollout; weightPpm: number; onDone: () => void; onKeep: () => void }) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const promote = useMutation({ mutationFn: () => api.rollouts.promoteRollout({ name: rollout.name, weightPpm }), onSuccess: onDone });
  const { route = "", to = "" } = rollout.spec ?? {};
  const next = nextStep(rollout);
  const ends = weightPpm === 0 && next === undefined;
  const share = format.ppm(weightPpm === 0 ? (next?.ppm ?? rollout.status?.weightPpm ?? 0) : weightPpm);
  const not = (rollout.status?.gates ?? []).filter(({ verdict }) => verdict !== "pass");
  return (
    <ConfirmBox
      name="promote"
      title={ends ? t("promote.endTitle", { name: rollout.name }) : t("promote.title", { share, fleet: to })}
      touches={(
        <>
          <p>{ends ? t("promote.endTouches", { share, fleet: to }) : t("promote.touches", { share, was: format.ppm(rollout.status?.weightPpm ?? 0), route, fleet: to })}</p>
          {not.length > 0 && <p>{t("promote.gates", { n: not.length, gates: not.map(({ name }) => name).join(", ") })}</p>}
        </>
      )}
      problem={promote.isError ? t("rollout.failed", { problem: sentenceOf(promote.error) }) : ""}
      confirm={ends ? t("promote.endConfirm") : t("promote.confirm", { share })}
      pending={t("drain.busy")}
      busy={promote.isPending}
      keep={t("promote.keep")}
      onConfirm={() => promote.mutate()}
      onKeep={onKeep}
      line={lines.promoteRollout(rollout.name, weightPpm)}
    >
      {!ends && <p className="note">{t("promote.hint")}</p>}
    </ConfirmBox>
  );
}
