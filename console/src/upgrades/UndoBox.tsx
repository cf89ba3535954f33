import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { useMutation } from "@tanstack/react-query";
import { sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ConfirmBox } from "../parts/ConfirmBox.tsx";

interface Props {
  fleet: Fleet;
  /** 0: the newest other one that was proved. */
  revision: bigint;
  /** Living servers of it; unset: not known. */
  servers?: number;
  onDone: () => void;
  onKeep: () => void;
}

/** Makes an earlier template the fleet's. */
export function UndoBox({ fleet, revision, servers, onDone, onKeep }: Props) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const undo = useMutation({ mutationFn: () => api.fleets.undoUpgrade({ fleet: fleet.name, revision }), onSuccess: onDone });
  const { updated = 0, coming = 0 } = fleet.status?.upgrade ?? {};
  const total = Object.values(fleet.status?.servers ?? {}).reduce((sum, n) => sum + n, 0);
  const leave = fleet.status?.upgrade === undefined ? (servers === undefined ? total : total - servers) : updated + coming;
  return (
    <ConfirmBox
      name="undo"
      title={revision === 0n ? t("undo.title", { fleet: fleet.name }) : t("undo.titleTo", { fleet: fleet.name, revision: String(revision) })}
      touches={(
        <>
          <p>{t("undo.touches")}</p>
          {leave > 0 && <p>{t("undo.leave", { n: leave })}</p>}
        </>
      )}
      problem={undo.isError ? t("rollout.failed", { problem: sentenceOf(undo.error) }) : ""}
      confirm={t("undo.confirm")}
      pending={t("drain.busy")}
      busy={undo.isPending}
      keep={t("undo.keep")}
      onConfirm={() => undo.mutate()}
      onKeep={onKeep}
      line={lines.undoUpgrade(fleet.name, revision)}
    />
  );
}
