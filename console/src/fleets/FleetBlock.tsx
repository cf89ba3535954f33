import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { type StateName, stateName } from "./occupancy.ts";
import { byAge, matches } from "./order.ts";
import { ServerGrid } from "./ServerGrid.tsx";

interface Props {
  name: string;
  /** Undefined for servers whose fleet is gone. */
  fleet: Fleet | undefined;
  servers: readonly Server[];
  filter: string;
  chosen: string | undefined;
  onChoose: (server: string) => void;
  onExplain: (fleet: string) => void;
}

/** One fleet: what is wanted of it, and its servers. */
export function FleetBlock({ name, fleet, servers, filter, chosen, onChoose, onExplain }: Props) {
  const { t, format } = useSpeech();
  const shown = useMemo(() => {
    const all = byAge(servers);
    return filter === "" ? all : all.filter((server) => matches(server, t(`state.${stateName(server.state)}`), filter));
  }, [servers, filter, t]);
  const counts = useMemo(() => countStates(servers), [servers]);
  const spec = fleet?.spec;
  const upgrade = fleet?.status?.upgrade;
  return (
    <section className="fleet" aria-labelledby={`fleet-${name}`}>
      <header className="fleet-head">
        <h3 id={`fleet-${name}`}>{fleet === undefined ? name : <Link to="/fleets/$name" params={{ name }}>{name}</Link>}</h3>
        <p className="fleet-counts">
          <span>{t("fleet.servers", { n: servers.length })}</span>
          {counts.map(([state, n]) => (
            <span key={state} className={`count ${state}`}>{`${format.number(n)} ${t(`state.${state}`)}`}</span>
          ))}
          {filter !== "" && <span>{t("fleet.filtered", { shown: shown.length, n: servers.length })}</span>}
        </p>
        {fleet !== undefined && (
          <button type="button" className="button plain fleet-why" aria-haspopup="dialog" onClick={() => onExplain(name)}>
            {t("fleet.explain")}
          </button>
        )}
      </header>
      {fleet === undefined && <p className="note">{t("fleet.orphans")}</p>}
      {spec !== undefined && (
        <p className="note fleet-wish">
          {spec.provider?.kind.case === "static" ? (
            <span>{t("static.title", { n: spec.provider.kind.value.servers.length })}</span>
          ) : (
            <>
              <span>{t("fleet.range", { min: spec.minServers, max: spec.maxServers || 10 })}</span>
              <span>{t("fleet.buffers", { ready: spec.buffers?.ready ?? 0, open: spec.buffers?.open ?? 0 })}</span>
            </>
          )}
          {fleet?.status?.summary && <span className="summary" title={fleet.status.summary}>{fleet.status.summary}</span>}
        </p>
      )}
      {upgrade !== undefined && (
        <p className="fleet-upgrade">
          <span className="meter" aria-hidden="true"><i style={{ width: `${(upgrade.updated / Math.max(1, upgrade.updated + upgrade.coming + upgrade.old)) * 100}%` }} /></span>
          <Link to="/fleets/$name" params={{ name }} className="plain-link">{t("upgrade.title", { revision: String(upgrade.revision) })}</Link>
          <span className={upgrade.phase === "running" ? "note" : "warn"}>{upgrade.sentence}</span>
        </p>
      )}
      {servers.length === 0 ? (
        <p className="blank">{t("fleet.noServers")}</p>
      ) : shown.length === 0 ? (
        <p className="blank">{t("filter.nothing", { text: filter })}</p>
      ) : (
        <ServerGrid fleet={name} servers={shown} total={servers.length} revision={fleet?.revision ?? 0n} chosen={chosen} onChoose={onChoose} />
      )}
    </section>
  );
}

function countStates(servers: readonly Server[]): [StateName, number][] {
  const counts = new Map<StateName, number>();
  for (const { state } of [...servers].sort((a, b) => a.state - b.state)) counts.set(stateName(state), (counts.get(stateName(state)) ?? 0) + 1);
  return [...counts];
}
