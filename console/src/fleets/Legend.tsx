import { useSpeech } from "../i18n/language.tsx";
import { FILL_STEPS, type StateName } from "./occupancy.ts";
import { ServerGlyph } from "./ServerGlyph.tsx";

const states: readonly StateName[] = ["starting", "ready", "open", "cordoned", "draining", "empty", "unhealthy"];

/** How to read the grids. */
export function Legend() {
  const { t } = useSpeech();
  return (
    <div className="legend" role="note" aria-label={t("legend.title")}>
      <span>
        <span className="ramp" aria-hidden="true">
          {Array.from({ length: FILL_STEPS + 1 }, (_, step) => <i key={step} className={`step-${step}`} />)}
        </span>
        {t("legend.fill")}
      </span>
      {states.map((state) => (
        <span key={state}>
          <ServerGlyph state={state} step={state === "open" || state === "cordoned" || state === "draining" ? 4 : 0} size={16} />
          {t(`state.${state}`)}
        </span>
      ))}
      <span>
        <ServerGlyph state="open" step={4} size={16} old />
        {t("legend.old")}
      </span>
      <span>
        <ServerGlyph state="open" step={4} size={16} avoided />
        {t("legend.avoided")}
      </span>
    </div>
  );
}
