import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useHouse } from "../app/context.tsx";
import { DrainProgress } from "../drains/DrainProgress.tsx";
import { leavingOf } from "../drains/leaving.ts";
import { Explain } from "../fleets/Explain.tsx";
import { fillStep, occupancy, seatsTaken, stateName } from "../fleets/occupancy.ts";
import { ServerGlyph } from "../fleets/ServerGlyph.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Panel } from "../parts/Panel.tsx";
import { Ago } from "../parts/Time.tsx";
import { SessionList } from "../routes/SessionList.tsx";
import { useWatch } from "../watch/useWatch.ts";
import { DrainBox } from "./DrainBox.tsx";
import "./servers.css";

/** One server: its state and why, who is on it, and its drain. What was last known stays on show when it goes. */
export function ServerPanel({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const watch = useWatch(api.watch.servers);
  const server = watch.items.get(name);
  const [last, setLast] = useState<Server>();
  if (server !== undefined && server !== last) setLast(server);
  const known = server ?? last;
  const gone = server === undefined && watch.phase !== "connecting";
  return (
    <Panel kind={known?.fleet ?? t("fleet.title")} title={name} onClose={onClose}>
      {gone && (
        <div className="blank" role="status">
          <strong>{t("server.gone")}</strong>
          <p>{t("server.gone.hint")}</p>
        </div>
      )}
      {known === undefined && !gone && <div className="bones" style={{ height: 140 }} />}
      {known !== undefined && (
        <>
          <Facts server={known} gone={gone} />
          {!gone && <DrainBox server={known} />}
          {!gone && <Sessions server={name} />}
          <Explain fleet={known.fleet} server={name} />
        </>
      )}
    </Panel>
  );
}

function Facts({ server, gone }: { server: Server; gone: boolean }) {
  const { t, format } = useSpeech();
  const state = gone ? "gone" : stateName(server.state);
  const share = occupancy(server);
  const drain = leavingOf(server);
  return (
    <section className="server-facts">
      <p className={`server-state ${state}`} role="status">
        <ServerGlyph state={state} step={fillStep(share)} size={26} avoided={server.avoided} />
        <span>
          <b data-testid="server-state">{t(`state.${state}`)}</b>
          {server.stateSince !== undefined && <span className="note"> · <Ago at={server.stateSince} /></span>}
          {server.reason !== "" && <span className="server-reason">{server.reason}</span>}
        </span>
      </p>
      {drain !== undefined && <DrainProgress leaving={drain} />}
      <dl className="facts">
        <dt>{t("server.seats")}</dt>
        <dd>
          {t("cell.occupancy", { taken: seatsTaken(server), capacity: server.seatCapacity })} ({format.percent(share)})
        </dd>
        <dt>{t("server.started")}</dt>
        <dd><Ago at={server.createdAt} /></dd>
        <dt>{t("server.reported")}</dt>
        <dd>{server.reportedAt === undefined ? t("server.reported.never") : <Ago at={server.reportedAt} />}</dd>
        {server.node !== "" && (<><dt>{t("server.node")}</dt><dd><Link to="/nodes" className="plain-link">{server.node}</Link></dd></>)}
        {server.revision > 0n && (<><dt>{t("server.revision")}</dt><dd>{String(server.revision)}{server.avoided && <span className="note"> · {t("server.avoided")}</span>}</dd></>)}
        {server.providerRef !== "" && (<><dt>{t("server.runs")}</dt><dd>{server.providerRef}</dd></>)}
        {server.version !== "" && (<><dt>{t("server.version")}</dt><dd>{server.version}</dd></>)}
        {server.endpoints.length > 0 && (
          <>
            <dt>{t("server.endpoints")}</dt>
            <dd>{server.endpoints.map(({ name, url }) => <code key={name} className="endpoint">{url}</code>)}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Sessions({ server }: { server: string }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const [watcher] = useState(() => api.watch.sessions({ server }));
  const watch = useWatch(watcher);
  return (
    <section>
      <h3>{t("server.sessions")}</h3>
      {watch.phase === "connecting" && watch.items.size === 0 ? (
        <p className="note">{t("server.sessions.loading")}</p>
      ) : watch.items.size === 0 ? (
        <p className="note">{watch.phase === "refused" ? watch.problem : t("server.sessions.none")}</p>
      ) : (
        <SessionList sessions={watch.items.values()} withRoute />
      )}
    </section>
  );
}
