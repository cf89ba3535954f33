import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { sentenceOf } from "../api/errors.ts";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { canDrain } from "../fleets/occupancy.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { ConfirmBox } from "../parts/ConfirmBox.tsx";
import { useNow } from "../parts/Time.tsx";
import { useWatch } from "../watch/useWatch.ts";
import { touchOf } from "./drain.ts";

/** Draining a server, asked twice, and taking the drain back. The server's new state comes by the watch. */
export function DrainBox({ server }: { server: Server }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const mayOperate = useMayOperate();
  const [asking, setAsking] = useState(false);
  const reason = t("drain.reason");
  const drain = useMutation({ mutationFn: () => api.servers.drainServer({ name: server.name, reason }), onSuccess: () => setAsking(false) });
  const undrain = useMutation({ mutationFn: () => api.servers.undrainServer({ name: server.name }) });
  const draining = server.state === ServerState.DRAINING;
  if (!draining && !canDrain(server.state)) return null;
  if (!mayOperate) return <p className="note">{t("drain.notAllowed")}</p>;
  return (
    <section className="drain">
      {draining ? (
        <>
          <button type="button" className="button" disabled={undrain.isPending} onClick={() => undrain.mutate()}>
            {undrain.isPending ? t("drain.busy") : t("server.undrain")}
          </button>
          {undrain.isError && <p className="problem" role="alert">{t("undrain.failed", { problem: sentenceOf(undrain.error) })}</p>}
          <Command line={lines.undrain(server.name)} label={t("cli.same")} />
        </>
      ) : asking ? (
        <Confirm server={server} busy={drain.isPending} problem={drain.isError ? sentenceOf(drain.error) : ""} onConfirm={() => drain.mutate()} onCancel={() => setAsking(false)} />
      ) : (
        <button type="button" className="button warn" onClick={() => { drain.reset(); setAsking(true); }}>{t("server.drain")}</button>
      )}
    </section>
  );
}

interface ConfirmProps {
  server: Server;
  busy: boolean;
  problem: string;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Says what a drain will touch before it is asked for. */
function Confirm({ server, busy, problem, onConfirm, onCancel }: ConfirmProps) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const now = useNow();
  const fleet = useWatch(api.watch.fleets).items.get(server.fleet);
  const touch = touchOf(server, fleet, now);
  const sessions = t("drain.sessions", { n: touch.sessions });
  const players = t("drain.players", { n: touch.players });
  return (
    <ConfirmBox
      name="drain"
      title={t("drain.title", { server: server.name })}
      touches={touch.sessions === 0 ? t("drain.touchesNone") : t("drain.touches", { sessions, players, time: format.clock(touch.latestMs, now) })}
      problem={problem === "" ? "" : t("drain.failed", { problem })}
      confirm={t("drain.confirm")}
      pending={t("drain.busy")}
      busy={busy}
      keep={t("drain.cancel")}
      onConfirm={onConfirm}
      onKeep={onCancel}
      line={lines.drain(server.name)}
    >
      {touch.sessions > 0 && <p className="note">{touch.waitMs > 0 ? t("drain.wait", { wait: format.span(touch.waitMs) }) : t("drain.noWait")}</p>}
    </ConfirmBox>
  );
}
