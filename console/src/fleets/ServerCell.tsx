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
  /** It is of an older template than the fleet's. */
  old: boolean;
  onChoose: (name: string) => void;
}

/** One server of a grid. Drawn again only when it changed. */
export const ServerCell = memo(function ServerCell({ place, density, chosen, tabbable, old, onChoose }: Props) {
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
  const avoided = server?.avoided ?? false;
  const marks = [old ? t("cell.old", { revision: String(server?.revision) }) : "", avoided ? t("cell.avoided") : ""].filter((mark) => mark !== "");
  const said = [label, ...marks].join(", ");
  const hint = server?.reason ? `${said}\n${server.reason}` : said;
  return (
    <button
      type="button"
      className={`cell ${density} ${state} step-${fillStep(share)} ${old ? "old" : ""} ${avoided ? "avoided" : ""}`}
      data-cell={name}
      data-state={state}
      data-old={old}
      aria-label={said}
      aria-pressed={chosen}
      title={hint}
      tabIndex={tabbable ? 0 : -1}
      onClick={() => onChoose(name)}
    >
      {density !== "cards" ? (
        <ServerGlyph state={state} step={fillStep(share)} size={density === "signs" ? 24 : 15} old={old} avoided={avoided} />
      ) : (
        <Card server={server} name={name} state={state} share={share} old={old} />
      )}
    </button>
  );
});

interface CardProps {
  server: Server | undefined;
  name: string;
  state: ReturnType<typeof stateName> | "gone";
  share: number;
  old: boolean;
}

function Card({ server, name, state, share, old }: CardProps) {
  const { t, format } = useSpeech();
  return (
    <>
      <span className="card-top">
        <ServerGlyph state={state} step={fillStep(share)} size={18} old={old} avoided={server?.avoided ?? false} />
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
