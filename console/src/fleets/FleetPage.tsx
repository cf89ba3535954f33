import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useHouse } from "../app/context.tsx";
import { LinkState } from "../app/LinkState.tsx";
import { lines } from "../cli/lines.ts";
import { LeavingList } from "../drains/LeavingList.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Unheard } from "../parts/Unheard.tsx";
import { ServerPanel } from "../servers/ServerPanel.tsx";
import { Revisions } from "../upgrades/Revisions.tsx";
import { Upgrade } from "../upgrades/Upgrade.tsx";
import { useWatch } from "../watch/useWatch.ts";
import { Consolidation } from "./Consolidation.tsx";
import { Explain } from "./Explain.tsx";
import { Flags } from "./Flags.tsx";
import { Legend } from "./Legend.tsx";
import { byAge } from "./order.ts";
import { ServerGrid } from "./ServerGrid.tsx";
import { StaticServers } from "./StaticServers.tsx";
import "../overview/overview.css";
import "../parts/confirm.css";
import "../rollouts/rollouts.css";
import "../upgrades/upgrades.css";
import "./fleets.css";

/** Whose panel is open. */
export interface FleetShown {
  server?: string;
}

const here = getRouteApi("/fleets/$name");

/** One fleet: its upgrade, its servers, what leaves, what it is set to, and the templates that it had. */
export function FleetPage() {
  const { t } = useSpeech();
  const { api } = useHouse();
  const { name } = here.useParams();
  const shown = here.useSearch();
  const navigate = here.useNavigate();
  const fleets = useWatch(api.watch.fleets);
  const servers = useWatch(api.watch.servers);
  const fleet = fleets.items.get(name);
  const own = useMemo(() => byAge([...servers.items.values()].filter((server) => server.fleet === name)), [servers.items, name]);
  const choose = useCallback((server: string | undefined) => void navigate({ search: server === undefined ? {} : { server }, resetScroll: false }), [navigate]);
  const close = useCallback(() => choose(undefined), [choose]);
  return (
    <main className="page page-stack fleet-page" id="content">
      <div className="toolbar">
        <div className="page-head">
          <p className="note"><Link to="/" className="plain-link">{t("fleet.title")}</Link></p>
          <h1>{name}</h1>
        </div>
        <div className="toolbar-group">
          <LinkState watches={[fleets, servers]} />
          <Link to="/history" search={{ fleet: name }} className="button">{t("app.history")}</Link>
          <Link to="/decisions" search={{ fleet: name }} className="button">{t("app.decisions")}</Link>
        </div>
      </div>
      <Unheard watch={fleets} />
      {fleet === undefined && fleets.phase === "connecting" && fleets.problem === "" && <div className="bones" style={{ height: 220 }} />}
      {fleet === undefined && fleets.phase === "live" && (
        <div className="blank" role="status">
          <strong>{t("fleet.gone")}</strong>
          <p>{t("fleet.gone.hint")}</p>
        </div>
      )}
      {fleet !== undefined && <Known fleet={fleet} servers={own} chosen={shown.server} onChoose={choose} />}
      {shown.server !== undefined && <ServerPanel key={shown.server} name={shown.server} onClose={close} />}
    </main>
  );
}

interface Props {
  fleet: Fleet;
  servers: readonly Server[];
  chosen: string | undefined;
  onChoose: (server: string) => void;
}

function Known({ fleet, servers, chosen, onChoose }: Props) {
  const { t, format } = useSpeech();
  const { spec, status } = fleet;
  const fixed = spec?.provider?.kind.case === "static" ? spec.provider.kind.value : undefined;
  return (
    <>
      <dl className="figures">
        <div><dt>{t("number.players")}</dt><dd>{format.number(status?.seatsClaimed ?? 0)}</dd></div>
        <div><dt>{t("number.sessions")}</dt><dd>{format.number(status?.sessions ?? 0)}</dd></div>
        <div><dt>{t("fleet.wanted")}</dt><dd>{(status?.serversWanted ?? 0) === 0 ? format.number(servers.length) : t("fleet.wantedOf", { n: servers.length, wanted: status!.serversWanted })}</dd></div>
        <div><dt>{t("route.region")}</dt><dd>{spec?.region?.name || "–"}</dd></div>
        <div><dt>{t("server.revision")}</dt><dd>{String(fleet.revision)}</dd></div>
      </dl>
      {status?.summary !== undefined && status.summary !== "" && <p>{status.summary}</p>}
      {fixed === undefined && <Upgrade fleet={fleet} />}
      <LeavingList servers={servers} onChoose={onChoose} />
      {fixed === undefined ? (
        <section className="fleet-servers" aria-labelledby="servers">
          <h2 id="servers">{t("fleet.servers", { n: servers.length })}</h2>
          {servers.length === 0 ? <p className="blank">{t("fleet.noServers")}</p> : <ServerGrid fleet={fleet.name} servers={servers} total={servers.length} revision={fleet.revision} chosen={chosen} onChoose={onChoose} />}
          {servers.length > 0 && <Legend />}
        </section>
      ) : (
        <StaticServers provider={fixed} servers={servers} onChoose={onChoose} />
      )}
      <div className="fleet-columns">
        <div className="page-stack">
          <Consolidation fleet={fleet} />
          <Flags fleet={fleet} />
          {fixed === undefined && <Revisions fleet={fleet} />}
          <Command line={lines.fleet(fleet.name)} label={t("cli.same")} />
        </div>
        <Explain fleet={fleet.name} />
      </div>
    </>
  );
}
