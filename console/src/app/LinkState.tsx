import { useEffect, useState } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { useWatch } from "../watch/useWatch.ts";
import type { WatchPhase, WatchState } from "../watch/reducer.ts";
import { useHouse } from "./context.tsx";

/** A connection that takes longer than this gets a hint. */
const SLOW_MS = 8_000;
const worst: readonly WatchPhase[] = ["refused", "reconnecting", "connecting", "live"];

/** Says whether what is on the overview is up to date. */
export function OverviewLink() {
  const { api } = useHouse();
  return <LinkState watches={[useWatch(api.watch.servers), useWatch(api.watch.fleets), useWatch(api.watch.routes)]} />;
}

/** Says whether what comes by these watches is up to date. */
export function LinkState({ watches: links }: { watches: readonly Pick<WatchState<unknown>, "phase" | "problem">[] }) {
  const { t } = useSpeech();
  const phase = worst.find((one) => links.some((link) => link.phase === one)) ?? "live";
  const problem = links.find((link) => link.phase === phase)?.problem ?? "";
  const slow = useSlow(phase === "connecting");
  const hint = slow && problem === "" ? t("link.slow.hint") : "";
  return (
    <div className="link-state" role="status">
      <span className={`link ${phase}`} title={problem || undefined}>
        <i aria-hidden="true" />
        {t(`link.${phase}`)}
      </span>
      {hint !== "" && <p className="link-hint">{hint}</p>}
    </div>
  );
}

function useSlow(waiting: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!waiting) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [waiting]);
  return slow;
}
