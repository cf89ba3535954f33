import { useSpeech } from "../i18n/language.tsx";
import type { Share } from "./weights.ts";
import "./routes.css";

/** A route's shares as a bar, told apart by tone and hatching. A share too small to see is as wide as a line. */
export function Weights({ route, shares }: { route: string; shares: readonly Share[] }) {
  const { t, format } = useSpeech();
  const said = shares.map(({ fleet, ppm }) => t("route.share", { share: format.ppm(ppm), fleet })).join(", ");
  return (
    <div className="weights" role="img" aria-label={t("route.weights", { route, shares: said })}>
      {shares.map(({ fleet, ppm }, i) => ppm > 0 && (
        <i key={fleet} className={`w${i % 4}`} style={{ flexGrow: ppm }} title={t("route.share", { share: format.ppm(ppm), fleet })} />
      ))}
    </div>
  );
}
