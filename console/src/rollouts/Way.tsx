import type { Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import { millis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { useWidth } from "../parts/useWidth.ts";
import { useNow } from "../parts/Time.tsx";
import { heldShare, nextStep, phaseOf, stepsOf } from "./rollout.ts";
import { keyWeight, placeOf, snapped, WHOLE } from "./scale.ts";

/** Labels nearer to each other than this, in pixels, are left out, the later step first. */
const LABEL_PX = 46;

interface Props {
  rollout: Rollout;
  /** Unset: it is a picture only. */
  onPick?: (weightPpm: number) => void;
  /** The weight that is being asked about: the handle waits there. */
  asked?: number | undefined;
}

/**
 * A rollout as a slider: from nothing on the left to everything on the right, on a scale on which 0.01 % and 100 % can both be
 * seen. A full step has been taken; between where it is and the next step, a line fills while the step is held.
 */
export function Way({ rollout, onPick, asked }: Props) {
  const { t, format } = useSpeech();
  const now = useNow();
  const [box, width] = useWidth<HTMLDivElement>();
  const track = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState<number>();
  const steps = useMemo(() => stepsOf(rollout).map(({ ppm }) => ppm), [rollout.spec]);
  const labels = useMemo(() => labelled(steps, width), [steps, width]);
  const weight = rollout.status?.weightPpm ?? 0;
  const phase = phaseOf(rollout);
  const next = nextStep(rollout);
  const share = heldShare(rollout, now);
  const drawn = held ?? asked ?? weight;
  const to = rollout.spec?.to ?? "";
  const move = (event: PointerEvent) => {
    const { left, width } = track.current!.getBoundingClientRect();
    setHeld(snapped((event.clientX - left) / Math.max(1, width), steps));
  };
  const pick = (ppm: number | undefined) => {
    setHeld(undefined);
    if (ppm !== undefined && ppm !== weight) onPick?.(ppm);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && held !== undefined) {
      event.preventDefault();
      setHeld(undefined);
    } else if (event.key === "Enter" && held !== undefined) {
      event.preventDefault();
      pick(held);
    } else {
      const to = keyWeight(event.key, drawn, steps);
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      setHeld(to);
    }
  };
  const said = t("way.value", { share: format.ppm(drawn), fleet: to });
  const handle =
    onPick === undefined
      ? { role: "img", "aria-label": said }
      : {
          role: "slider", tabIndex: 0, "aria-label": t("way.label", { fleet: to }), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": drawn / 10_000, "aria-valuetext": said,
          onKeyDown,
          onBlur: () => setHeld(undefined),
          onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            move(event);
          },
          onPointerMove: (event: PointerEvent) => held !== undefined && event.buttons === 1 && move(event),
          onPointerUp: () => pick(held),
          onPointerCancel: () => setHeld(undefined),
        };
  return (
    <div className={`way ${phase.replace(" ", "-")} ${onPick === undefined ? "" : "live"}`} ref={box} data-weight={weight}>
      <div className="way-track" ref={track} {...handle}>
        <span className="way-line" />
        <span className="way-done" style={{ width: percent(placeOf(weight)) }} />
        {next !== undefined && share !== undefined && (
          <span className="way-hold" style={{ left: percent(placeOf(weight)), width: percent((placeOf(next.ppm) - placeOf(weight)) * share) }} />
        )}
        {steps.map((ppm) => <i key={ppm} className={`way-step ${ppm <= weight ? "taken" : ""} ${ppm === next?.ppm && phase === "running" ? "next" : ""}`} style={{ left: percent(placeOf(ppm)) }} />)}
        {drawn !== weight && <span className="way-thumb was" style={{ left: percent(placeOf(weight)) }} />}
        <span className={`way-thumb ${drawn !== weight ? "held" : ""}`} style={{ left: percent(placeOf(drawn)) }}>
          {held !== undefined && <output className="way-held">{format.ppm(drawn)}</output>}
        </span>
      </div>
      <ol className="way-labels" aria-hidden="true">
        {[0, ...steps].map((ppm) => labels.has(ppm) && (
          <li key={ppm} className={ppm === weight ? "here" : ""} style={{ left: percent(placeOf(ppm)) }}>{format.ppm(ppm)}</li>
        ))}
      </ol>
      {onPick !== undefined && <p className="note way-keys">{held !== undefined ? t("way.held") : t("way.keys")}</p>}
    </div>
  );
}

/** When the next step is due: "then 50 %, in 4 min (14:20)". Nothing when none is. */
export function NextStep({ rollout }: { rollout: Rollout }) {
  const { t, format } = useSpeech();
  const now = useNow();
  const next = nextStep(rollout);
  const due = millis(rollout.status?.nextAt);
  if (phaseOf(rollout) !== "running" || due === undefined) return null;
  const waits = (rollout.status?.gates ?? []).some(({ verdict }) => verdict !== "pass");
  const what = next === undefined ? t("way.thenDone") : t("way.then", { share: format.ppm(next.ppm) });
  const when = due > now ? t("way.in", { span: format.length(due - now), time: format.clock(due, now, true) }) : t(waits ? "way.gates" : "way.now");
  return <span className="way-next">{t("way.next", { what, when })}</span>;
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100}%`;
}

/** The weights that get a label: both ends first, then from the right what has room. */
function labelled(steps: readonly number[], width: number): ReadonlySet<number> {
  const kept = new Set([0]);
  let free = Infinity;
  for (const ppm of [...steps].sort((a, b) => b - a)) {
    const at = placeOf(ppm) * Math.max(width, 1);
    if (free - at < LABEL_PX || at < LABEL_PX * 0.8) continue;
    kept.add(ppm);
    free = at;
  }
  if (!steps.includes(WHOLE)) kept.add(steps.at(-1) ?? WHOLE);
  return kept;
}
