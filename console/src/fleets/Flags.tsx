import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { useSpeech } from "../i18n/language.tsx";
import { placeOf } from "../rollouts/scale.ts";

/** What servers of a fleet may ask for while they run, and for which share of keys. */
export function Flags({ fleet }: { fleet: Fleet }) {
  const { t, format } = useSpeech();
  const flags = fleet.spec?.flags ?? [];
  return (
    <section className="fleet-set" aria-labelledby="flags">
      <h2 id="flags">{t("flags.title")}</h2>
      {flags.length === 0 ? (
        <p className="note">{t("flags.none")}</p>
      ) : (
        <table className="table flags">
          <thead>
            <tr>
              <th scope="col">{t("flags.flag")}</th>
              <th scope="col">{t("flags.value")}</th>
              <th scope="col" className="n">{t("flags.share")}</th>
              <th scope="col"><span className="hidden">{t("flags.bar")}</span></th>
            </tr>
          </thead>
          <tbody>
            {flags.map(({ name, value, sharePpm }) => (
              <tr key={name}>
                <th scope="row"><code>{name}</code></th>
                <td><code>{value || "true"}</code></td>
                <td className="n">{format.ppm(sharePpm)}</td>
                <td className="flag-bar"><span className="meter" title={t("flags.bar")}><i style={{ width: `${placeOf(sharePpm) * 100}%` }} /></span></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {flags.length > 0 && <p className="note">{t("flags.hint")}</p>}
    </section>
  );
}
