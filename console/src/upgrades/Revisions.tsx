import type { Fleet, FleetRevision } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isUnimplemented, sentenceOf } from "../api/errors.ts";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Ago } from "../parts/Time.tsx";
import { type Change, changes } from "./diff.ts";
import { UndoBox } from "./UndoBox.tsx";

/** How many servers are of which revision changes while an upgrade runs. */
const ASK_AGAIN_MS = 5_000;

/** The templates that a fleet had, the newest first, each with what it says otherwise than the one before. */
export function Revisions({ fleet }: { fleet: Fleet }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const mayOperate = useMayOperate();
  const [asking, setAsking] = useState<bigint>();
  const query = useQuery({
    queryKey: ["revisions", fleet.name, String(fleet.generation)],
    queryFn: ({ signal }) => api.fleets.listRevisions({ fleet: fleet.name }, { signal }),
    refetchInterval: ASK_AGAIN_MS,
    placeholderData: (before) => before,
    retry: false,
  });
  const revisions = [...(query.data?.revisions ?? [])].sort((a, b) => (a.revision < b.revision ? 1 : -1));
  return (
    <section className="revisions" aria-labelledby="revisions">
      <h2 id="revisions">{t("revisions.title")}</h2>
      {query.isPending && <div className="bones" style={{ height: 90 }} />}
      {query.isError && <p className="note">{t(isUnimplemented(query.error) ? "app.older" : "revisions.failed", { problem: sentenceOf(query.error) })}</p>}
      {query.isSuccess && revisions.length === 0 && <p className="note">{t("revisions.none")}</p>}
      <ol>
        {revisions.map((one, i) => (
          <li key={String(one.revision)} className={one.current ? "current" : ""} data-revision={String(one.revision)}>
            <Head revision={one} />
            <Diff changes={changes(revisions[i + 1]?.spec, one.spec)} first={i === revisions.length - 1} before={revisions[i + 1]?.revision} />
            {asking === one.revision && <UndoBox fleet={fleet} revision={one.revision} servers={one.servers} onDone={() => setAsking(undefined)} onKeep={() => setAsking(undefined)} />}
            {mayOperate && !one.current && asking !== one.revision && <button type="button" className="button plain" onClick={() => setAsking(one.revision)}>{t("revisions.goBack")}</button>}
          </li>
        ))}
      </ol>
      <Command line={lines.revisions(fleet.name)} label={t("cli.same")} />
    </section>
  );
}

function Head({ revision }: { revision: FleetRevision }) {
  const { t } = useSpeech();
  const { revision: number, current, servers, createdAt, provedAt } = revision;
  return (
    <header>
      <b>{t("revisions.one", { revision: String(number) })}</b>
      {current && <span className="badge">{t("revisions.current")}</span>}
      <span>{t("fleet.servers", { n: servers })}</span>
      <span className="note"><Ago at={createdAt} /></span>
      <span className={provedAt === undefined ? "unproved" : "note"}>{provedAt === undefined ? t("revisions.unproved") : t("revisions.proved")}</span>
    </header>
  );
}

/** What changed, field by field: the old value struck out, the new one below it. */
function Diff({ changes, first, before }: { changes: readonly Change[]; first: boolean; before: bigint | undefined }) {
  const { t } = useSpeech();
  if (first) return <p className="note">{t("revisions.oldest")}</p>;
  if (changes.length === 0) return <p className="note">{t("revisions.same", { revision: String(before) })}</p>;
  return (
    <dl className="diff">
      {changes.map(({ path, before, after }) => (
        <div key={path}>
          <dt>{path}</dt>
          <dd>
            {before !== "" && <del aria-label={t("diff.before", { value: before })}>{before}</del>}
            {after !== "" ? <ins aria-label={t("diff.after", { value: after })}>{after}</ins> : <span className="note">{t("diff.gone")}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
