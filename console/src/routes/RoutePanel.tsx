import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Panel } from "../parts/Panel.tsx";
import { useWatch } from "../watch/useWatch.ts";
import { SessionList } from "./SessionList.tsx";
import { isKey } from "./weights.ts";

/** A route's rooms, live, and a door to any room by its key. */
export function RoutePanel({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const [watcher] = useState(() => api.watch.sessions({ route: name }));
  const watch = useWatch(watcher);
  return (
    <Panel kind={t("route.title")} title={name} onClose={onClose}>
      <NewRoom route={name} />
      <section>
        <h3>{t("sessions.title", { route: name })}</h3>
        {watch.phase === "connecting" && watch.items.size === 0 ? (
          <div className="bones" style={{ height: 96 }} />
        ) : watch.items.size === 0 ? (
          <p className="note">{watch.phase === "refused" ? watch.problem : t("sessions.none")}</p>
        ) : (
          <SessionList sessions={watch.items.values()} withRoute={false} />
        )}
      </section>
      <Command line={lines.sessions(name)} label={t("cli.same")} />
    </Panel>
  );
}

function NewRoom({ route }: { route: string }) {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const [key, setKey] = useState("");
  const bad = key !== "" && !isKey(key);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (isKey(key)) void navigate({ to: "/rooms/$route/$key", params: { route, key } });
  };
  return (
    <form onSubmit={onSubmit}>
      <h3>{t("route.newRoom", { route })}</h3>
      <div className="new-room">
        <input className="field" value={key} maxLength={128} placeholder={t("route.roomKey")} aria-label={t("route.roomKey")} aria-invalid={bad} spellCheck={false} onChange={(event) => setKey(event.target.value)} />
        <button type="submit" className="button" disabled={!isKey(key)}>{t("route.go")}</button>
      </div>
      {bad && <p className="note" role="alert">{t("route.keyBad")}</p>}
    </form>
  );
}
