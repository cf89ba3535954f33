import type { Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import type { Shown } from "./phase.ts";

/** Says what cancelling releases before it is asked for. */
export function CancelBox({ shown, onCancelled, onKeep }: { shown: Shown; onCancelled: (event: Event) => void; onKeep: () => void }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const { event, title, phase } = shown;
  const cancel = useMutation({ mutationFn: () => api.events.deleteEvent({ name: event.name, generation: event.generation }), onSuccess: () => onCancelled(event) });
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  const stands = event.status?.slotsStanding ?? 0;
  const coming = Math.max(0, (event.status?.slotsWanted ?? 0) - stands);
  const players = event.status?.players ?? 0;
  return (
    <div
      className="confirm"
      role="alertdialog"
      aria-labelledby="cancel-title"
      aria-describedby="cancel-touches"
      onKeyDown={(key) => {
        if (key.key !== "Escape") return;
        key.preventDefault();
        onKeep();
      }}
    >
      <h3 id="cancel-title">{t("cancel.title", { title })}</h3>
      <div id="cancel-touches" className="confirm-touches">
        {stands > 0 && <p>{t("cancel.released", { n: stands })}</p>}
        {coming > 0 && <p>{t("cancel.preparing", { n: coming })}</p>}
        {stands + coming === 0 && <p>{t("cancel.nothing")}</p>}
        {phase === "open" && players > 0 && <p>{t("cancel.players", { n: players })}</p>}
      </div>
      {cancel.isError && <p className="problem" role="alert">{t("cancel.failed", { problem: sentenceOf(cancel.error) })}</p>}
      <div className="confirm-buttons">
        <button type="button" className="button main" disabled={cancel.isPending} onClick={() => cancel.mutate()}>{cancel.isPending ? t("event.saving") : t("cancel.confirm")}</button>
        <button type="button" className="button" ref={keep} onClick={onKeep}>{t("cancel.keep")}</button>
      </div>
      <Command line={`greenroom delete event ${event.name}`} label={t("cli.same")} />
    </div>
  );
}
