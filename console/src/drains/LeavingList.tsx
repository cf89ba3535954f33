import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { useSpeech } from "../i18n/language.tsx";
import { useNow } from "../parts/Time.tsx";
import { leaving, phaseKey, spent } from "./leaving.ts";
import "../routes/routes.css";
import "./drains.css";

/** So many are listed; the others are counted. */
const LISTED_MAX = 8;

/** What is on its way out: which server, why, what is left on it, and until when. Nothing while nothing leaves. */
export function LeavingList({ servers, onChoose }: { servers: Iterable<Server>; onChoose: (server: string) => void }) {
  const { t, format } = useSpeech();
  const now = useNow();
  const all = leaving(servers);
  if (all.length === 0) return null;
  const players = all.reduce((sum, one) => sum + one.players, 0);
  const sessions = all.reduce((sum, one) => sum + one.sessions, 0);
  return (
    <section className="leaving" aria-labelledby="leaving">
      <header>
        <h2 id="leaving">{t("leaving.title", { n: all.length })}</h2>
        <p className="note">{t("leaving.sum", { sessions: t("drain.sessions", { n: sessions }), players: t("drain.players", { n: players }) })}</p>
      </header>
      <ol>
        {all.slice(0, LISTED_MAX).map((one) => {
          const key = phaseKey(one.phase);
          return (
            <li key={one.server.name}>
              <button type="button" className="leaving-row" data-leaving={one.server.name} onClick={() => onChoose(one.server.name)}>
                <span className="leaving-name">{one.server.name}</span>
                <span className="leaving-why">{one.reason}</span>
                <span className="leaving-left">{one.sessions === 0 ? t("leaving.empty") : `${t("drain.sessions", { n: one.sessions })}, ${t("drain.players", { n: one.players })}`}</span>
                <span className="leaving-phase">{key === undefined ? one.phase : t(key)}</span>
                <span className="leaving-until">{one.deadlineMs === undefined ? "" : t("server.drainDeadline", { time: format.clock(one.deadlineMs, now, true) })}</span>
                <span className="meter" aria-hidden="true"><i style={{ width: `${spent(one, now) * 100}%` }} /></span>
              </button>
            </li>
          );
        })}
      </ol>
      {all.length > LISTED_MAX && <p className="note">{t("leaving.more", { n: all.length - LISTED_MAX })}</p>}
    </section>
  );
}
