import type { Fleet, UpgradeStatus } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { sentenceOf } from "../api/errors.ts";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Ago } from "../parts/Time.tsx";
import { UndoBox } from "./UndoBox.tsx";
import "./upgrades.css";

const phases = ["running", "paused", "stopped"] as const;

/** How far a fleet's upgrade is, and what can be done about it. Nothing while all servers are of the present template. */
export function Upgrade({ fleet }: { fleet: Fleet }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const mayOperate = useMayOperate();
  const [asking, setAsking] = useState(false);
  const pause = useMutation({ mutationFn: () => api.fleets.pauseUpgrade({ fleet: fleet.name }) });
  const resume = useMutation({ mutationFn: () => api.fleets.resumeUpgrade({ fleet: fleet.name }) });
  const upgrade = fleet.status?.upgrade;
  if (upgrade === undefined) return fleet.revision === 0n ? null : <p className="note">{t("upgrade.none", { revision: String(fleet.revision) })}</p>;
  const phase = phases.find((one) => one === upgrade.phase);
  const failed = pause.error ?? resume.error;
  const waits = phase !== "running";
  return (
    <section className="upgrade" aria-labelledby="upgrade">
      <header>
        <h2 id="upgrade">{t("upgrade.title", { revision: String(upgrade.revision) })}</h2>
        <span className={`rphase ${phase === "running" ? "running" : phase === "stopped" ? "rolled-back" : "paused"}`} data-phase={upgrade.phase}>{phase === undefined ? upgrade.phase : t(`uphase.${phase}`)}</span>
        <span className="note">{t("upgrade.began")} <Ago at={upgrade.startedAt} /></span>
      </header>
      <p className="upgrade-sentence">{upgrade.sentence}</p>
      <Progress upgrade={upgrade} />
      <p className="note">{upgrade.sessionsLeft === 0 ? t("upgrade.nobodyLeft") : t("upgrade.left", { sessions: t("drain.sessions", { n: upgrade.sessionsLeft }), players: t("drain.players", { n: upgrade.playersLeft }) })}</p>
      {asking && <UndoBox fleet={fleet} revision={0n} onDone={() => setAsking(false)} onKeep={() => setAsking(false)} />}
      {!mayOperate && <p className="note">{t("upgrade.notAllowed")}</p>}
      {mayOperate && !asking && (
        <>
          <div className="confirm-buttons">
            {waits ? (
              <button type="button" className="button main" disabled={resume.isPending} onClick={() => { pause.reset(); resume.mutate(); }}>{t("rollout.resume")}</button>
            ) : (
              <button type="button" className="button" disabled={pause.isPending} onClick={() => { resume.reset(); pause.mutate(); }}>{t("rollout.pause")}</button>
            )}
            <button type="button" className="button warn" onClick={() => setAsking(true)}>{t("upgrade.undo")}</button>
          </div>
          {failed != null && <p className="problem" role="alert">{t("rollout.failed", { problem: sentenceOf(failed) })}</p>}
          <Command line={waits ? lines.resumeUpgrade(fleet.name) : lines.pauseUpgrade(fleet.name)} label={t("cli.same")} />
        </>
      )}
    </section>
  );
}

/** Servers of the new template, on their way, leaving, and of old ones, as a bar and in words. */
function Progress({ upgrade }: { upgrade: UpgradeStatus }) {
  const { t, format } = useSpeech();
  const { updated, coming, old, draining } = upgrade;
  const parts = [
    { name: "updated", n: updated, text: t("upgrade.updated", { n: updated }) },
    { name: "coming", n: coming, text: t("upgrade.coming", { n: coming }) },
    { name: "draining", n: draining, text: t("upgrade.draining", { n: draining }) },
    { name: "old", n: Math.max(0, old - draining), text: t("upgrade.old", { n: Math.max(0, old - draining) }) },
  ];
  return (
    <div className="upgrade-progress">
      <div className="upgrade-bar" role="img" aria-label={parts.map(({ text }) => text).join(", ")}>
        {parts.filter(({ n }) => n > 0).map(({ name, n, text }) => <i key={name} className={name} style={{ flexGrow: n }} title={text} />)}
      </div>
      <ul>
        {parts.map(({ name, n, text }) => <li key={name} data-part={name} data-n={n}><i className={name} aria-hidden="true" />{text}</li>)}
        <li className="note">{t("upgrade.share", { share: format.percent(updated / Math.max(1, updated + coming + old)) })}</li>
      </ul>
    </div>
  );
}
