import { useSpeech } from "../i18n/language.tsx";
import { Panel } from "../parts/Panel.tsx";
import { Explain } from "./Explain.tsx";

/** Why a fleet is as it is. */
export function FleetPanel({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useSpeech();
  return (
    <Panel kind={t("fleet.title")} title={name} onClose={onClose}>
      <Explain fleet={name} />
    </Panel>
  );
}
