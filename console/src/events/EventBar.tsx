import type { CSSProperties } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { PhaseGlyph } from "./PhaseGlyph.tsx";
import { type Shown, standing } from "./phase.ts";
import type { Mover } from "./useMover.ts";

interface Props {
  shown: Shown;
  /** "ghost": where it would go. "was": where it is while it is carried. */
  look: "" | "ghost" | "was";
  cut: string;
  chosen: boolean;
  style: CSSProperties;
  /** With its time and its route beneath, where there is room. */
  tall: boolean;
  mover: Mover;
  onOpen: (name: string) => void;
}

/** An event in the calendar: its phase as a sign and a word, its title, how many are expected. */
export function EventBar({ shown, look, cut, chosen, style, tall, mover, onOpen }: Props) {
  const { t, format } = useSpeech();
  const { event, title, phase } = shown;
  const players = event.spec?.attendance ?? 0;
  const label = t("event.describe", { title, phase: t(`phase.${phase}`), from: format.moment(shown.fromMs), to: format.moment(shown.toMs), players, route: event.spec?.route ?? "" });
  const content = (
    <>
      <span className="bar-head">
        <PhaseGlyph phase={phase} share={standing(event)} size={13} />
        {!tall && <span className="bar-time">{format.time(shown.fromMs)}</span>}
        <b>{title}</b>
        {!tall && <span className="bar-people">{format.compact(players)}</span>}
      </span>
      {tall && <span className="bar-more">{`${format.time(shown.fromMs)}–${format.time(shown.toMs)} · ${t(`phase.${phase}`)}`}</span>}
      {tall && <span className="bar-more">{`${t("event.people", { n: players })} · ${event.spec?.route ?? ""}`}</span>}
    </>
  );
  const className = `bar ${phase} ${look} ${cut} ${tall ? "tall" : ""}`;
  if (look === "ghost") return <div className={className} style={style} aria-hidden="true">{content}</div>;
  return (
    <button
      type="button"
      className={className}
      style={style}
      data-event={shown.name}
      aria-label={label}
      title={label}
      aria-pressed={chosen}
      onClick={(click) => {
        click.stopPropagation();
        onOpen(shown.name);
      }}
      {...mover.listeners(shown)}
    >
      {content}
    </button>
  );
}
