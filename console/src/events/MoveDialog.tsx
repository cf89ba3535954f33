import type { Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useHouse } from "../app/context.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { useNow } from "../parts/Time.tsx";
import { ConflictBox } from "./ConflictBox.tsx";
import { movedTo, moveCommand } from "./form.ts";
import { type Place, touchOf } from "./move.ts";
import type { Shown } from "./phase.ts";
import { applyEvent, useApply } from "./useApply.ts";

interface Props {
  shown: Shown;
  to: Place;
  all: readonly Shown[];
  onMoved: (event: Event) => void;
  onKeep: () => void;
}

/** Asks whether an event shall be moved, and says what that touches; Greenroom has checked it by then, without moving anything. */
export function MoveDialog({ shown, to, all, onMoved, onKeep }: Props) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const now = useNow();
  const moved = movedTo(shown.event, to);
  const touch = touchOf(shown.event, to, all, now);
  const dry = useQuery({ queryKey: ["event-move", shown.name, String(moved.generation), to.fromMs, to.toMs], queryFn: () => applyEvent(api.events, moved, true), retry: false });
  const { outcome, apply } = useApply(onMoved);
  const confirm = useRef<HTMLButtonElement>(null);
  useEffect(() => confirm.current?.focus(), []);
  const refused = dry.data?.is === "failed" ? dry.data.problem : outcome.is === "failed" ? outcome.problem : "";
  const conflict = outcome.is === "conflict" ? outcome : dry.data?.is === "conflict" && outcome.is === "idle" ? dry.data : undefined;
  const nothing = touch.released === 0 && !touch.atOnce && !touch.doorsPast && touch.overlaps.length === 0;
  return (
    <Dialog title={t("move.title", { title: shown.title })} onClose={onKeep}>
      <p className="confirm-touches">{t("move.fromTo", { from: format.moment(shown.fromMs), to: format.moment(to.fromMs) })}, {t("move.until", { time: format.moment(to.toMs) })}</p>
      <ul className="touches">
        {touch.over ? <li className="bad">{t("move.over")}</li> : (
          <>
            {touch.released > 0 && <li>{t("move.released", { n: touch.released })}</li>}
            {touch.atOnce && <li>{t("move.atOnce")}</li>}
            {touch.doorsPast && <li>{t("move.doorsPast")}</li>}
            {touch.overlaps.length > 0 && <li>{t("move.overlaps", { titles: touch.overlaps.join(", ") })}</li>}
            {nothing && <li>{t("move.nothing")}</li>}
          </>
        )}
      </ul>
      <p className="note" role="status">{dry.isPending ? t("move.checking") : dry.data?.is === "done" ? t("move.fits") : ""}</p>
      {refused !== "" && <p className="problem" role="alert">{t("move.failed", { problem: refused })}</p>}
      {conflict !== undefined && <ConflictBox mine={conflict.mine} theirs={conflict.theirs} onMine={(mine) => void apply(mine)} onTheirs={onKeep} />}
      {conflict === undefined && (
        <div className="dialog-buttons">
          <button type="button" className="button main" ref={confirm} disabled={outcome.is === "busy" || touch.over || dry.data?.is === "failed"} onClick={() => void apply(moved)}>
            {outcome.is === "busy" ? t("event.saving") : t("move.confirm")}
          </button>
          <button type="button" className="button" onClick={onKeep}>{t("move.keep")}</button>
        </div>
      )}
      <Command line={moveCommand(shown.name, to)} label={t("cli.same")} />
    </Dialog>
  );
}
