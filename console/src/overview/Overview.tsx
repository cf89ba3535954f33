import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useHouse } from "../app/context.tsx";
import type { Shown } from "../app/App.tsx";
import { lines } from "../cli/lines.ts";
import { LeavingList } from "../drains/LeavingList.tsx";
import { FleetBlock } from "../fleets/FleetBlock.tsx";
import { FleetPanel } from "../fleets/FleetPanel.tsx";
import { Legend } from "../fleets/Legend.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { RouteCard } from "../routes/RouteCard.tsx";
import { RoutePanel } from "../routes/RoutePanel.tsx";
import { ServerPanel } from "../servers/ServerPanel.tsx";
import { useWatch } from "../watch/useWatch.ts";
import { Filter } from "./Filter.tsx";
import { Numbers } from "./Numbers.tsx";
import { StripChart } from "./StripChart.tsx";
import { totalsOf } from "./totals.ts";
import { VerdictLine } from "./VerdictLine.tsx";
import "./overview.css";
import "../fleets/fleets.css";

const here = getRouteApi("/");

/** The first page: is everybody playing? */
export function Overview() {
  const { t } = useSpeech();
  const { api } = useHouse();
  const fleets = useWatch(api.watch.fleets);
  const routes = useWatch(api.watch.routes);
  const servers = useWatch(api.watch.servers);
  const shown = here.useSearch();
  const navigate = here.useNavigate();
  const [filter, setFilter] = useState("");
  const show = useCallback((next: Shown) => void navigate({ search: next, resetScroll: false }), [navigate]);
  const close = useCallback(() => show({}), [show]);
  const onServer = useCallback((server: string) => show({ server }), [show]);
  const totals = useMemo(() => totalsOf(servers.items.values(), routes.items.values()), [servers.items, routes.items]);
  const watches = [fleets, routes, servers];
  const loading = watches.some((watch) => watch.phase === "connecting" || watch.phase === "refused");
  const stale = watches.some((watch) => watch.phase === "reconnecting");
  const stuck = watches.find((watch) => watch.phase === "refused") ?? watches.find((watch) => watch.phase === "connecting" && watch.problem !== "");
  const trouble = stuck && { refused: stuck.phase === "refused", problem: stuck.problem };
  const byFleet = useByFleet(servers.items);
  const names = useMemo(() => [...new Set([...fleets.items.keys(), ...byFleet.keys()])].sort(), [fleets.items, byFleet]);

  return (
    <main className="page overview" id="content">
      <VerdictLine totals={totals} loading={loading} stale={stale} trouble={trouble} />
      <Numbers totals={totals} loading={loading} />
      <StripChart totals={totals} />
      <LeavingList servers={servers.items.values()} onChoose={onServer} />
      <div className="overview-columns">
        <section aria-labelledby="fleets" className="overview-fleets">
          <header className="section-head">
            <h2 id="fleets">{t("fleet.title")}</h2>
            <Filter value={filter} onChange={setFilter} />
          </header>
          {loading && names.length === 0 && <Bones rows={2} />}
          {!loading && names.length === 0 && (
            <div className="blank">
              <strong>{t("fleet.none")}</strong>
              <p>{t("fleet.none.hint")}</p>
              <Command line={lines.demo()} />
            </div>
          )}
          {names.map((name) => (
            <FleetBlock
              key={name}
              name={name}
              fleet={fleets.items.get(name)}
              servers={byFleet.get(name) ?? none}
              filter={filter}
              chosen={shown.server}
              onChoose={onServer}
              onExplain={(fleet) => show({ fleet })}
            />
          ))}
          {names.length > 0 && <Legend />}
        </section>
        <section aria-labelledby="routes" className="overview-routes">
          <header className="section-head">
            <h2 id="routes">{t("route.title")}</h2>
          </header>
          {loading && routes.items.size === 0 && <Bones rows={1} />}
          {!loading && routes.items.size === 0 && (
            <div className="blank">
              <strong>{t("route.none")}</strong>
              <p>{t("route.none.hint")}</p>
            </div>
          )}
          {[...routes.items.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map((route) => (
            <RouteCard key={route.name} route={route} onRooms={(name) => show({ route: name })} />
          ))}
        </section>
      </div>
      {shown.server !== undefined && <ServerPanel key={shown.server} name={shown.server} onClose={close} />}
      {shown.fleet !== undefined && <FleetPanel key={shown.fleet} name={shown.fleet} onClose={close} />}
      {shown.route !== undefined && <RoutePanel key={shown.route} name={shown.route} onClose={close} />}
    </main>
  );
}

const none: readonly Server[] = [];

/** Servers by fleet; a fleet none of whose servers changed keeps its list, so that its grid is not laid out again. */
function useByFleet(items: ReadonlyMap<string, Server>): ReadonlyMap<string, readonly Server[]> {
  const [state, setState] = useState<{ of: typeof items; lists: Map<string, readonly Server[]> }>({ of: new Map(), lists: new Map() });
  if (state.of === items) return state.lists;
  const lists = new Map<string, readonly Server[]>(Map.groupBy(items.values(), (server) => server.fleet));
  for (const [fleet, list] of lists) {
    const old = state.lists.get(fleet);
    if (old !== undefined && old.length === list.length && old.every((server, i) => server === list[i])) lists.set(fleet, old);
  }
  setState({ of: items, lists });
  return lists;
}

function Bones({ rows }: { rows: number }) {
  return (
    <div className="bones-rows" aria-hidden="true">
      {Array.from({ length: rows * 3 }, (_, i) => <div key={i} className="bones" />)}
    </div>
  );
}
