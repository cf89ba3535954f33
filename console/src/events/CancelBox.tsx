import type { Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { useMutation } from "@tanstack/react-query";
import { sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ConfirmBox } from "../parts/ConfirmBox.tsx";
import type { Shown } from "./phase.ts";

/** Says what cancelling releases before it is asked for. */
export function CancelBox({ shown, onCancelled, onKeep }: { shown: Shown; onCancelled: (event: Event) => void; onKeep: () => void }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const { event, title, phase } = shown;
  const cancel = useMutation({ mutationFn: () => api.events.deleteEvent({ name: event.name, generation: event.generation }), onSuccess: () => onCancelled(event) });
  const stands = event.status?.slotsStanding ?? 0;
  const coming = Math.max(0, (event.status?.slotsWanted ?? 0) - stands);
  const players = event.status?.players ?? 0;
  return (
    <ConfirmBox
      name="cancel"
      title={t("cancel.title", { title })}
      touches={(
        <>
          {stands > 0 && <p>{t("cancel.released", { n: stands })}</p>}
          {coming > 0 && <p>{t("cancel.preparing", { n: coming })}</p>}
          {stands + coming === 0 && <p>{t("cancel.nothing")}</p>}
          {phase === "open" && players > 0 && <p>{t("cancel.players", { n: players })}</p>}
        </>
      )}
      problem={cancel.isError ? t("cancel.failed", { problem: sentenceOf(cancel.error) }) : ""}
      confirm={t("cancel.confirm")}
      pending={t("event.saving")}
      busy={cancel.isPending}
      keep={t("cancel.keep")}
      onConfirm={() => cancel.mutate()}
      onKeep={onKeep}
      line={lines.cancelEvent(event.name)}
    />
  );
}
