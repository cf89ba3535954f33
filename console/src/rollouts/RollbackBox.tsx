import { type Rollout, RollbackSessions } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ConfirmBox } from "../parts/ConfirmBox.tsx";
import { sessionsOf, weightsText } from "./rollout.ts";

type Choice = RollbackSessions.STAY | RollbackSessions.DRAIN;

interface Props {
  rollout: Rollout;
  /** The fleet that is rolled back; undefined while it is not known. */
  fleet: Fleet | undefined;
  onDone: () => void;
  onKeep: () => void;
}

/** Gives a route its weights back, and asks what becomes of the sessions that are on the new fleet. */
export function RollbackBox({ rollout, fleet, onDone, onKeep }: Props) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const [sessions, setSessions] = useState<Choice>(sessionsOf(rollout));
  const [reason, setReason] = useState("");
  const { route = "", to = "" } = rollout.spec ?? {};
  const rollback = useMutation({ mutationFn: () => api.rollouts.rollbackRoute({ route, sessions, reason }), onSuccess: onDone });
  const on = { n: fleet?.status?.sessions ?? 0, players: fleet?.status?.seatsClaimed ?? 0 };
  const counted = { sessions: t("drain.sessions", { n: on.n }), players: t("drain.players", { n: on.players }) };
  const choices = [
    { value: RollbackSessions.STAY, title: t("rollback.stay"), hint: t("rollback.stay.hint", counted) },
    { value: RollbackSessions.DRAIN, title: t("rollback.drain"), hint: t("rollback.drain.hint", counted) },
  ] as const;
  return (
    <ConfirmBox
      name="rollback"
      title={t("rollback.title", { route })}
      touches={(
        <>
          <p>{t("rollback.weights", { weights: weightsText(rollout.status?.before ?? [], format.ppm) })}</p>
          <p>{on.n === 0 ? t("rollback.nobody", { fleet: to }) : t("rollback.on", { fleet: to, ...counted })}</p>
        </>
      )}
      problem={rollback.isError ? t("rollback.failed", { problem: sentenceOf(rollback.error) }) : ""}
      confirm={t("rollback.confirm")}
      pending={t("drain.busy")}
      busy={rollback.isPending}
      keep={t("rollback.keep")}
      onConfirm={() => rollback.mutate()}
      onKeep={onKeep}
      line={lines.rollback(route, sessions === RollbackSessions.DRAIN ? "drain" : "stay", reason)}
    >
      <fieldset className="choices">
        <legend>{t("rollback.sessions")}</legend>
        {choices.map(({ value, title, hint }) => (
          <label key={value} className="choice">
            <input type="radio" name="rollback-sessions" checked={sessions === value} onChange={() => setSessions(value)} />
            <span>
              <b>{title}</b>
              <span className="note">{hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <input className="field" value={reason} maxLength={256} placeholder={t("rollback.reason")} aria-label={t("rollback.reason")} onChange={(event) => setReason(event.target.value)} />
    </ConfirmBox>
  );
}
