import { useEffect, useState } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { useNow } from "../parts/Time.tsx";
import { hueOf } from "./track.ts";
import type { Visit } from "./visit.ts";

/** No more names are listed. */
const LISTED_MAX = 200;

/** Who is in the room and where, once a second: what the map shows, for readers. */
export function People({ visit }: { visit: Visit }) {
  const { t, format } = useSpeech();
  const [people, setPeople] = useState(() => visit.people());
  useEffect(() => {
    setPeople(visit.people());
    return visit.onMembers(() => setPeople(visit.people()));
  }, [visit]);
  useNow();
  return (
    <section className="people">
      <h2>{t("room.people")} <span>{format.number(people.length)}</span></h2>
      <ul>
        {people.slice(0, LISTED_MAX).map((player) => {
          const own = player === visit.player;
          const at = visit.whereIs(player);
          const place = at === undefined ? "" : `${Math.round(at.x)}, ${Math.round(at.y)}`;
          return (
            <li key={player} className={own ? "own" : ""} data-player={player} data-at={place}>
              <Swatch player={player} own={own} />
              <span>{player}</span>
              {own && <b>{t("room.you")}</b>}
              <small>{place}</small>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Swatch({ player, own }: { player: string; own: boolean }) {
  const hue = hueOf(player);
  const fill = own ? "var(--accent)" : `light-dark(oklch(0.62 0.13 ${hue}), oklch(0.78 0.11 ${hue}))`;
  return <i aria-hidden="true" style={{ background: fill }} />;
}
