import type { Session } from "@greenroom/client/gen/greenroom/v1/session_pb.ts";
import { SessionState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { sessionKey } from "../api/api.ts";
import { useSpeech } from "../i18n/language.tsx";

/** No more are listed; the others are found by their key. */
const LISTED_MAX = 300;

/** Sessions in the order of their names, which never change: nothing jumps as players come and go. */
export function SessionList({ sessions, withRoute }: { sessions: Iterable<Session>; withRoute: boolean }) {
  const { t, language } = useSpeech();
  const sorted = useMemo(() => {
    const { compare } = new Intl.Collator(language, { numeric: true });
    return [...sessions].sort((a, b) => compare(a.route, b.route) || compare(a.key, b.key));
  }, [sessions, language]);
  return (
    <>
      <ul className="sessions">
        {sorted.slice(0, LISTED_MAX).map((session) => (
          <li key={sessionKey(session)}>
            <Row session={session} withRoute={withRoute} />
          </li>
        ))}
      </ul>
      {sorted.length > LISTED_MAX && <p className="note">{t("sessions.more", { n: sorted.length - LISTED_MAX })}</p>}
    </>
  );
}

function Row({ session, withRoute }: { session: Session; withRoute: boolean }) {
  const { t, format } = useSpeech();
  const { route, key, seatsClaimed, seatsReserved, seatCapacity } = session;
  const taken = seatsClaimed + seatsReserved;
  return (
    <Link to="/rooms/$route/$key" params={{ route, key }} preload={false} title={t("server.openRoom", { key })}>
      <span className="key">
        {withRoute && <span className="note">{route}/</span>}
        {key}
        {session.state === SessionState.MOVING && <span className="moving">{t("sessions.moving")}</span>}
      </span>
      <span className="count">{`${format.number(seatsClaimed)} / ${format.number(seatCapacity)}`}</span>
      <span className="meter" aria-hidden="true">
        <i style={{ width: `${seatCapacity === 0 ? 0 : Math.min(100, (taken / seatCapacity) * 100)}%` }} />
      </span>
    </Link>
  );
}
