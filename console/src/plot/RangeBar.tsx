import { useSpeech } from "../i18n/language.tsx";
import { Segments } from "../parts/Segments.tsx";
import { pan, type Preset, presetNames, type Range, zoom } from "./range.ts";

interface Props {
  /** Undefined when the stretch was chosen by hand. */
  preset: Preset | undefined;
  range: Range;
  onPreset: (preset: Preset) => void;
  onRange: (range: Range) => void;
}

/** Chooses a stretch of time by name, and goes along and nearer by buttons. */
export function RangeBar({ preset, range, onPreset, onRange }: Props) {
  const { t } = useSpeech();
  const button = (name: "plot.earlier" | "plot.later" | "plot.nearer" | "plot.farther", sign: string, next: () => Range) => (
    <button type="button" className="button icon" aria-label={t(name)} title={t(name)} onClick={() => onRange(next())}>{sign}</button>
  );
  return (
    <div className="toolbar-group">
      <Segments label={t("plot.span")} value={preset} options={presetNames.map((value) => ({ value, text: t(`span.${value}`) }))} onChange={onPreset} />
      <div className="toolbar-group tight">
        {button("plot.earlier", "‹", () => pan(range, -0.5, Date.now()))}
        {button("plot.later", "›", () => pan(range, 0.5, Date.now()))}
        {button("plot.nearer", "+", () => zoom(range, 0.5, Date.now()))}
        {button("plot.farther", "−", () => zoom(range, 2, Date.now()))}
      </div>
    </div>
  );
}
