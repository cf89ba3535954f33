import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Node } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { millis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ConfirmBox } from "../parts/ConfirmBox.tsx";
import { Field } from "../parts/Field.tsx";
import { readSpan } from "../parts/span.ts";
import { useNow } from "../parts/Time.tsx";

/** Drains every server of a machine. A dry run says what that touches, before it is asked for. */
export function NodeDrainBox({ node, onDone, onKeep }: { node: Node; onDone: () => void; onKeep: () => void }) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const now = useNow();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const span = typed.trim() === "" ? undefined : readSpan(typed);
  const bad = typed.trim() !== "" && span === undefined;
  const request = { name: node.name, deadline: span === undefined ? undefined : durationFromMs(span), reason };
  const dry = useQuery({
    queryKey: ["node-drain", node.name, span ?? -1],
    queryFn: ({ signal }) => api.nodes.drainNode({ ...request, dryRun: true }, { signal }),
    enabled: !bad, refetchInterval: 5_000, retry: false, placeholderData: (before) => before,
  });
  const drain = useMutation({ mutationFn: () => api.nodes.drainNode(request), onSuccess: onDone });
  const would = dry.data?.node;
  const deadline = millis(would?.leave?.deadlineAt);
  const servers = t("fleet.servers", { n: would?.servers ?? 0 });
  const counted = { servers, sessions: t("drain.sessions", { n: would?.sessions ?? 0 }), players: t("drain.players", { n: would?.players ?? 0 }) };
  const touches =
    would === undefined ? t("nodes.asking") : would.servers === 0 ? t("nodes.touchesNone") : deadline === undefined ? t("nodes.touches", counted) : t("nodes.touchesBy", { ...counted, time: format.clock(deadline, now, true) });
  const problem = drain.error ?? (bad ? null : dry.error);
  return (
    <ConfirmBox
      name="node-drain"
      title={t("nodes.drain.title", { node: node.name })}
      touches={touches}
      problem={problem == null ? "" : t("nodes.drain.failed", { problem: sentenceOf(problem) })}
      confirm={t("drain.confirm")}
      pending={t("drain.busy")}
      busy={drain.isPending}
      blocked={bad || dry.isError}
      keep={t("nodes.keep")}
      onConfirm={() => drain.mutate()}
      onKeep={onKeep}
      line={lines.drainNode(node.name, span, reason)}
    >
      <p className="note">{t("nodes.drain.hint")}</p>
      <div className="form-pair">
        <Field label={t("nodes.deadline")} hint={t("nodes.deadline.hint")} problem={bad ? t("event.bad.span") : undefined}>
          {(control) => <input className="field" {...control} value={typed} placeholder={t("nodes.deadlineFleet")} spellCheck={false} onChange={(event) => setTyped(event.target.value)} />}
        </Field>
        <Field label={t("nodes.reason")}>
          {(control) => <input className="field" {...control} value={reason} maxLength={256} placeholder={t("nodes.reasonMaintenance")} onChange={(event) => setReason(event.target.value)} />}
        </Field>
      </div>
    </ConfirmBox>
  );
}
