import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Ago } from "../parts/Time.tsx";
import { People } from "./People.tsx";
import { Stage } from "./Stage.tsx";
import { type Known, useSession } from "./useSession.ts";
import { type Stay, useVisit } from "./useVisit.ts";
import "./rooms.css";

const here = getRouteApi("/rooms/$route/$key");
/** How long a notice stays. */
const NOTICE_MS = 5_000;

/** One room: its facts, and, once walked in, its people. */
export function RoomPage() {
  const { route, key } = here.useParams();
  return <RoomView key={`${route}/${key}`} route={route} roomKey={key} />;
}

function RoomView({ route, roomKey }: { route: string; roomKey: string }) {
  const { t } = useSpeech();
  const known = useSession(route, roomKey);
  const { notice, say } = useNotice();
  const { refresh } = known;
  const { stay, walkIn, walkOut } = useVisit(route, roomKey, useCallback(() => {
    say(t("room.back"));
    refresh();
  }, [refresh, say, t]));
  useMoves(known, useCallback((server: string) => say(t("room.moved", { server })), [say, t]));
  const visit = stay.is === "inside" || stay.is === "away" ? stay.visit : undefined;
  return (
    <main className="page room" id="content">
      <header className="room-head">
        <div>
          <p className="note">
            <Link to="/" search={{ route }}>{t("room.of", { route })}</Link>
          </p>
          <h1>{t("room.title", { key: roomKey })}</h1>
        </div>
        {visit !== undefined && (
          <div className="room-actions">
            <Status stay={stay} />
            <button type="button" className="button" onClick={() => visit.wave()} title="Space">{t("room.wave")}</button>
            <button type="button" className="button" onClick={walkOut}>{t("room.leave")}</button>
          </div>
        )}
      </header>
      <div className="room-columns">
        <div className="room-stage">
          <Stage visit={visit} />
          {visit === undefined && <Door known={known} stay={stay} onWalkIn={() => void walkIn()} />}
          <p className={notice === "" ? "room-notice" : "room-notice on"} role="status">{notice}</p>
        </div>
        <aside className="room-side">
          <Facts known={known} />
          {visit !== undefined ? <People visit={visit} /> : null}
          {visit !== undefined && <p className="note hint-keys">{t("room.keys")}</p>}
          {visit !== undefined && <p className="note hint-touch">{t("room.touch")}</p>}
          <Command line={lines.join(route, roomKey)} label={t("cli.same")} />
        </aside>
      </div>
    </main>
  );
}

function Status({ stay }: { stay: Stay }) {
  const { t } = useSpeech();
  const away = stay.is === "away";
  return (
    <span className={`link ${away ? "reconnecting" : "live"}`} role="status">
      <i aria-hidden="true" />
      {t(away ? "room.status.reconnecting" : "room.status.live")}
    </span>
  );
}

/** What stands before the empty floor: why one sees nobody, and the way in. */
function Door({ known, stay, onWalkIn }: { known: Known; stay: Stay; onWalkIn: () => void }) {
  const { t } = useSpeech();
  const full = known.is === "live" && known.session.seatCapacity > 0 && known.session.seatsClaimed + known.session.seatsReserved >= known.session.seatCapacity;
  const entering = stay.is === "entering";
  return (
    <div className="room-door">
      {known.is === "loading" && <p>{t("room.loading")}</p>}
      {known.is === "none" && (<><strong>{t("room.none")}</strong><p>{t("room.none.hint")}</p></>)}
      {known.is === "broken" && <p className="problem">{t("room.broken", { problem: known.problem })}</p>}
      {known.is === "live" && (
        <>
          <strong>{full ? t("room.full") : t("room.facts", { n: known.session.seatsClaimed })}</strong>
          <p>{t("room.hidden")}</p>
        </>
      )}
      {stay.is === "ended" && <p className="problem" role="alert">{t("room.ended", { problem: stay.problem })}</p>}
      {stay.is === "outside" && stay.problem !== "" && (
        <p className="problem" role="alert">{stay.noDoor ? t("room.noWebSocket") : t("room.refused", { problem: stay.problem })}</p>
      )}
      <button type="button" className="button main big" disabled={entering || known.is === "loading"} onClick={onWalkIn}>
        {entering ? t("room.walking") : stay.is === "ended" ? t("room.again") : t("room.walkIn")}
      </button>
    </div>
  );
}

function Facts({ known }: { known: Known }) {
  const { t } = useSpeech();
  if (known.is === "loading") return <div className="bones" style={{ height: 92 }} />;
  if (known.is !== "live") return null;
  const { session } = known;
  return (
    <dl className="facts">
      <dt>{t("server.seats")}</dt>
      <dd>{`${session.seatsClaimed + session.seatsReserved} / ${session.seatCapacity}`}</dd>
      <dt>{t("room.server")}</dt>
      <dd>{session.server === "" ? t("sessions.moving") : <Link to="/" search={{ server: session.server }} className="plain-link">{session.server}</Link>}</dd>
      <dt>{t("room.fleet")}</dt>
      <dd>{session.fleet}</dd>
      <dt>{t("room.opened")}</dt>
      <dd><Ago at={session.createdAt} /></dd>
    </dl>
  );
}

/** Calls back when the session is on another server than before. */
function useMoves(known: Known, moved: (server: string) => void) {
  const server = known.is === "live" ? known.session.server : "";
  const before = useRef("");
  useEffect(() => {
    if (server === "") return;
    if (before.current !== "" && before.current !== server) moved(server);
    before.current = server;
  }, [server, moved]);
}

function useNotice() {
  const [notice, setNotice] = useState("");
  useEffect(() => {
    if (notice === "") return;
    const timer = setTimeout(() => setNotice(""), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return { notice, say: setNotice };
}
