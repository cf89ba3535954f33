import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { Panel } from "../parts/Panel.tsx";
import { Explain } from "./Explain.tsx";
import { FleetDecisions } from "./FleetDecisions.tsx";

const FleetHistory = lazy(() => import("../history/FleetHistory.tsx").then((module) => ({ default: module.FleetHistory })));

/** Why a fleet is as it is, how it was, and what was done to it. */
export function FleetPanel({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useSpeech();
  return (
    <Panel kind={t("fleet.title")} title={name} onClose={onClose}>
      <p><Link to="/fleets/$name" params={{ name }} className="plain-link">{t("fleet.page")}</Link></p>
      <Explain fleet={name} />
      <Suspense fallback={<div className="bones" style={{ height: 480 }} />}>
        <FleetHistory fleet={name} />
      </Suspense>
      <FleetDecisions fleet={name} />
    </Panel>
  );
}
