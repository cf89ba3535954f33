import type { Node } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { isUnimplemented, sentenceOf } from "../api/errors.ts";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { millis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Ago, useNow } from "../parts/Time.tsx";
import { NodeDrainBox } from "./NodeDrainBox.tsx";
import { UndrainNode } from "./UndrainNode.tsx";
import "../parts/confirm.css";
import "../routes/routes.css";
import "../drains/drains.css";
import "./nodes.css";

/** Machines have no stream: while somebody looks they are asked for again this often. */
const ASK_AGAIN_MS = 2_000;

/** On which machines are they, and which of them go away? */
export function NodesPage() {
  const { t } = useSpeech();
  const { api } = useHouse();
  const queries = useQueryClient();
  const query = useQuery({ queryKey: ["nodes"], queryFn: ({ signal }) => api.nodes.listNodes({}, { signal }), refetchInterval: ASK_AGAIN_MS, retry: false });
  const nodes = [...(query.data?.nodes ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  const left = nodes.filter(({ leave }) => leave !== undefined);
  const changed = () => void queries.invalidateQueries({ queryKey: ["nodes"] });
  const head = query.isPending ? t("verdict.loading") : query.isError && nodes.length === 0 ? t("verdict.unreachable") : left.length === 0 ? t("nodes.allStay", { n: nodes.length }) : t("nodes.leave", { n: left.length });
  return (
    <main className="page page-stack" id="content">
      <div className="page-head">
        <p className="note">{t("nodes.question")}</p>
        <h1>{head}</h1>
      </div>
      {query.isPending && <div className="bones" style={{ height: 160 }} />}
      {query.isError && <p className="problem" role="alert">{t(isUnimplemented(query.error) ? "app.older" : "nodes.failed", { problem: sentenceOf(query.error) })}</p>}
      {query.isSuccess && nodes.length === 0 && (
        <div className="blank">
          <strong>{t("nodes.none")}</strong>
          <p>{t("nodes.none.hint")}</p>
        </div>
      )}
      <ul className="nodes">
        {nodes.map((node) => <NodeCard key={node.name} node={node} onChanged={changed} />)}
      </ul>
      <Command line={lines.nodes()} label={t("cli.same")} />
    </main>
  );
}

/** One machine: what is on it, and whether and until when it is left. */
function NodeCard({ node, onChanged }: { node: Node; onChanged: () => void }) {
  const { t } = useSpeech();
  const mayOperate = useMayOperate();
  const [asking, setAsking] = useState(false);
  const { leave } = node;
  return (
    <li className={`node ${leave === undefined ? "" : "leaving-node"}`} data-node={node.name}>
      <header>
        <NodeSign leaves={leave !== undefined} />
        <h2>{node.name}</h2>
        <p className="route-who">
          <span>{t("fleet.servers", { n: node.servers })}</span>
          <span>{t("drain.sessions", { n: node.sessions })}</span>
          <span>{t("drain.players", { n: node.players })}</span>
        </p>
        <p className="node-fleets">
          {node.fleets.map((fleet) => <Link key={fleet} to="/fleets/$name" params={{ name: fleet }} className="plain-link">{fleet}</Link>)}
        </p>
        {mayOperate && !asking && leave?.byProvider !== true && (
          <button type="button" className="button" onClick={() => setAsking(true)}>{t(leave === undefined ? "nodes.drain" : "nodes.change")}</button>
        )}
      </header>
      {leave !== undefined && <Leave node={node} />}
      {asking && <NodeDrainBox node={node} onDone={() => { setAsking(false); onChanged(); }} onKeep={() => setAsking(false)} />}
      {mayOperate && !asking && leave !== undefined && !leave.byProvider && <UndrainNode node={node} onDone={onChanged} />}
    </li>
  );
}

function Leave({ node }: { node: Node }) {
  const { t, format } = useSpeech();
  const now = useNow();
  const leave = node.leave!;
  const deadline = millis(leave.deadlineAt);
  const noticed = millis(leave.noticedAt) ?? now;
  const part = deadline === undefined ? 0 : Math.min(1, Math.max(0, (now - noticed) / Math.max(1, deadline - noticed)));
  return (
    <div className="drain-progress">
      <p>
        <b>{t("nodes.leaves", { reason: leave.reason || "–" })}</b>
        <span className="note"> · {t(leave.byProvider ? "nodes.byProvider" : "nodes.byOperator")} · <Ago at={leave.noticedAt} /></span>
      </p>
      {deadline !== undefined && <div className="meter"><i style={{ width: `${part * 100}%` }} /></div>}
      <p className="note">
        {deadline === undefined ? t("nodes.fleetDeadlines") : `${t("server.drainDeadline", { time: format.clock(deadline, now, true) })}${deadline > now ? ` · ${t("drain.leftTime", { span: format.length(deadline - now) })}` : ""}`}
        {node.servers === 0 && ` · ${t("nodes.free")}`}
      </p>
    </div>
  );
}

/** A machine; with an arrow out of it when it is left. */
function NodeSign({ leaves }: { leaves: boolean }) {
  return (
    <svg className="node-sign" width="22" height="22" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M3 3.5h14v5H3zm0 8h14v5H3z" className={leaves ? "dashed" : ""} />
      {leaves ? <path d="M10 7v9m-3.4-3.4L10 16l3.4-3.4" className="out" /> : <path d="M6 6h.01M6 14h.01" className="lamp" />}
    </svg>
  );
}
