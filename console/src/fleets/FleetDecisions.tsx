import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { DecisionLog } from "../decisions/DecisionLog.tsx";
import { useSpeech } from "../i18n/language.tsx";

/** A fleet's decisions in its panel. */
export function FleetDecisions({ fleet }: { fleet: string }) {
  const { t } = useSpeech();
  const [verb, setVerb] = useState<string>();
  return (
    <section>
      <h3>{t("decisions.title")}</h3>
      <DecisionLog fleet={fleet} verb={verb} onVerb={setVerb} />
      <Link to="/decisions" search={{ fleet }} className="plain-link">{t("decisions.page")}</Link>
    </section>
  );
}
