import type { Node } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { useMutation } from "@tanstack/react-query";
import { sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";

/** Takes an operator's notice back; servers that still drain for it open again. */
export function UndrainNode({ node, onDone }: { node: Node; onDone: () => void }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const undrain = useMutation({ mutationFn: () => api.nodes.undrainNode({ name: node.name }), onSuccess: onDone });
  return (
    <div className="undrain-node">
      <button type="button" className="button" disabled={undrain.isPending} onClick={() => undrain.mutate()}>{undrain.isPending ? t("drain.busy") : t("nodes.undrain")}</button>
      {undrain.isError && <p className="problem" role="alert">{t("undrain.failed", { problem: sentenceOf(undrain.error) })}</p>}
      <Command line={lines.undrainNode(node.name)} label={t("cli.same")} />
    </div>
  );
}
