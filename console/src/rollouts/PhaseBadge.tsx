import { useSpeech } from "../i18n/language.tsx";
import type { Phase } from "./rollout.ts";

const signs: Record<Phase, string> = {
  running: "M5 3.2v9.6l7.5-4.8z",
  paused: "M5.2 3.5v9M10.8 3.5v9",
  "rolled back": "M6.5 3.5 3 7l3.5 3.5M3.4 7H9a3.4 3.4 0 0 1 0 6.8H6",
  done: "M3.2 8.6l3.2 3.2 6.4-7.2",
  replaced: "M3 8h9.5M9.3 4.8 12.8 8l-3.5 3.2",
};

/** How a rollout stands: a sign and a word. */
export function PhaseBadge({ phase }: { phase: Phase }) {
  const { t } = useSpeech();
  return (
    <span className={`rphase ${phase.replace(" ", "-")}`} data-phase={phase}>
      <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
        <path d={signs[phase]} fill={phase === "running" ? "currentColor" : "none"} />
      </svg>
      {t(`rphase.${phase}`)}
    </span>
  );
}
