import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { memo } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { fillStep, occupancy, seatsTaken, shortName, stateName } from "./occupancy.ts";
import type { Place } from "./order.ts";
import { ServerGlyph } from "./ServerGlyph.tsx";

/** Session slots are drawn one by one up to this many. */
const PIPS_MAX = 24;

/** How a grid draws its servers: a card each, or a sign each, or a small sign each. */
export type Density = "cards" | "signs" | "dots";

interface Props {
  place: Place;
  density: Density;
  chosen: boolean;
  tabbable: boolean;
  onChoose: (name: string) => void;
}

/** One server of a grid. Drawn again only when it changed. */
export const ServerCell = memo(function ServerCell({ place, density, chosen, tabbable, onChoose }: Props) {
  const { t, format } = useSpeech();
  const { server, name } = place;
  const state = server === undefined ? "gone" : stateName(server.state);
  const share = server === undefined ? 0 : occupancy(server);
  const label =
    server === undefined
      ? `${name}, ${t("state.gone")}`
      : t("cell.describe", {
          name, state: t(`state.${state}`), sessions: server.sessions, sessionCapacity: server.sessionCapacity,
          players: server.seatsClaimed, percent: format.percent(share),
        });
  const hint = server?.reason ? `${label}\n${server.reason}` : label;
  return (
    <button
      type="button"
      className={`cell ${density} ${state} step-${fillStep(share)}`}
      data-cell={name}
      data-state={state}
      aria-label={label}
      aria-pressed={chosen}
      title={hint}
      tabIndex={tabbable ? 0 : -1}
      onClick={() => onChoose(name)}
    >
      {density !== "cards" ? (
        <ServerGlyph state={state} step={fillStep(share)} size={density === "signs" ? 24 : 15} />
      ) : (
        <Card server={server} name={name} state={state} share={share} />
      )}
    </button>
  );
});

function Card({ server, name, state, share }: { server: Server | undefined; name: string; state: ReturnType<typeof stateName> | "gone"; share: number }) {
  const { t, format } = useSpeech();
  return (
    <>
      <span className="card-top">
        <ServerGlyph state={state} step={fillStep(share)} size={18} />
        <span className="card-name">{server === undefined ? name : shortName(server)}</span>
        <span className="card-state">{t(`state.${state}`)}</span>
      </span>
      {server !== undefined && (
        <>
          <span className="card-numbers">
            <b>{format.number(server.seatsClaimed)}</b>
            <span>{t("card.players", { n: server.seatsClaimed })}</span>
            <span className="card-share">{format.percent(share)}</span>
          </span>
          <Slots server={server} />
        </>
      )}
    </>
  );
}

/** The session slots of a server, used and free; a bar when they are too many to draw. */
function Slots({ server }: { server: Server }) {
  const { sessions, sessionCapacity } = server;
  if (sessionCapacity > PIPS_MAX || sessionCapacity === 0) {
    const taken = server.seatCapacity > 0 ? seatsTaken(server) / server.seatCapacity : sessions / Math.max(1, sessionCapacity);
    return (
      <span className="card-bar">
        <i style={{ width: `${Math.min(100, taken * 100)}%` }} />
      </span>
    );
  }
  return (
    <span className="card-slots">
      {Array.from({ length: sessionCapacity }, (_, i) => (
        <i key={i} className={i < sessions ? "used" : ""} />
      ))}
    </span>
  );
}
