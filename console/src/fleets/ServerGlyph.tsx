import type { StateName } from "./occupancy.ts";
import "./glyph.css";

/**
 * A server as a sign: the fill says how full it is, the shape and outline its state. Dashed: starting. Hollow with a point: ready.
 * Solid: open. Ring around it: cordoned. Pointing down: draining. Struck through: empty. Small circle: stopped. Diamond: unhealthy.
 * A clipped corner: of an older template. A bar below it: avoided, so that nobody new comes while others have room.
 */
export function ServerGlyph({ state, step, size = 20, old = false, avoided = false }: { state: StateName | "gone"; step: number; size?: number; old?: boolean; avoided?: boolean }) {
  return (
    <svg className={`glyph ${state} step-${step}`} width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      {shape(state)}
      {old && state !== "unhealthy" && (
        <>
          <path className="oldcut" d="M9.5-1H21v11.5z" />
          <path className="edge oldmark" d="M10.2 1.5 18.5 9.8" />
        </>
      )}
      {avoided && <path className="edge avoidmark" d="M4.5 22.6h11" />}
    </svg>
  );
}

function shape(state: StateName | "gone") {
  switch (state) {
    case "starting":
      return <rect className="edge hollow dashed" x="1.5" y="1.5" width="17" height="17" rx="4.5" />;
    case "ready":
      return (
        <>
          <rect className="edge hollow" x="1.5" y="1.5" width="17" height="17" rx="4.5" />
          <circle className="ink" cx="10" cy="10" r="2.4" />
        </>
      );
    case "cordoned":
      return (
        <>
          <rect className="edge hollow" x="1" y="1" width="18" height="18" rx="5" />
          <rect className="body" x="4" y="4" width="12" height="12" rx="2.5" />
        </>
      );
    case "draining":
      return (
        <>
          <path className="edge body strong" d="M4.5 1.3h11a3 3 0 0 1 3 3v7.2a3 3 0 0 1-1 2.2L10 18.8 2.5 13.7a3 3 0 0 1-1-2.2V4.3a3 3 0 0 1 3-3z" />
          <path className="mark" d="M6.6 8.2 10 11.4l3.4-3.2" />
        </>
      );
    case "empty":
      return (
        <>
          <rect className="edge hollow" x="1.5" y="1.5" width="17" height="17" rx="4.5" />
          <path className="edge" d="M5.5 14.5l9-9" />
        </>
      );
    case "stopped":
      return <circle className="edge hollow" cx="10" cy="10" r="5" />;
    case "gone":
      return <circle className="ink faint" cx="10" cy="10" r="1.8" />;
    case "unhealthy":
      return (
        <>
          <path className="edge bad" d="M10 .9 19.1 10 10 19.1.9 10z" />
          <path className="edge badmark" d="M7.2 7.2l5.6 5.6m0-5.6-5.6 5.6" />
        </>
      );
    case "unspecified":
      return <rect className="edge hollow dotted" x="1.5" y="1.5" width="17" height="17" rx="4.5" />;
    case "open":
      return <rect className="edge body" x="1.5" y="1.5" width="17" height="17" rx="4.5" />;
  }
}
