import type { PhaseName } from "./phase.ts";

/**
 * A phase as a sign, told apart by shape: planned a dashed ring, preparing a ring that fills, prepared a ring with a
 * tick, open a solid disc, over a short line.
 */
export function PhaseGlyph({ phase, share = 0.5, size = 14 }: { phase: PhaseName; share?: number; size?: number }) {
  return (
    <svg className={`phase-glyph ${phase}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      {shape(phase, share)}
    </svg>
  );
}

function shape(phase: PhaseName, share: number) {
  switch (phase) {
    case "planned":
      return <circle className="ring dashed" cx="8" cy="8" r="6" />;
    case "preparing":
      return (
        <>
          <circle className="ring" cx="8" cy="8" r="6.2" />
          <circle className="part" cx="8" cy="8" r="2.1" pathLength="1" strokeDasharray={`${Math.max(0.08, share)} 1`} transform="rotate(-90 8 8)" />
        </>
      );
    case "prepared":
      return (
        <>
          <circle className="ring" cx="8" cy="8" r="6.2" />
          <path className="ring" d="M5 8.3l2.1 2.1L11 6.2" />
        </>
      );
    case "open":
      return <circle className="disc" cx="8" cy="8" r="6.6" />;
    case "over":
      return <path className="ring" d="M3.5 8h9" />;
  }
}
