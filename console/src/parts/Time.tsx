import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useSyncExternalStore } from "react";
import { millis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";

/** The time now in milliseconds, a new one each second while somebody needs it. */
export function useNow(): number {
  return useSyncExternalStore(tick, second);
}

function tick(changed: () => void): () => void {
  const timer = setInterval(changed, 1_000);
  return () => clearInterval(timer);
}

function second(): number {
  return Math.floor(Date.now() / 1_000) * 1_000;
}

/** A moment: relative, with the absolute on hover. */
export function Ago({ at }: { at: Timestamp | undefined }) {
  const { t, format } = useSpeech();
  const now = useNow();
  const ms = millis(at);
  if (ms === undefined) return <>{t("time.never")}</>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={format.full(ms)}>
      {format.relative(ms, now)}
    </time>
  );
}
