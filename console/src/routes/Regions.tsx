import { useQuery } from "@tanstack/react-query";
import { isUnimplemented, sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";

/** Regions are asked for again this often: they change with fleets, by hand. */
const ASK_AGAIN_MS = 10_000;

/** The regions that routes lead to, and what answers there when a client measures how far it is. */
export function Regions() {
  const { t } = useSpeech();
  const { api } = useHouse();
  const query = useQuery({ queryKey: ["regions"], queryFn: ({ signal }) => api.routes.listRegions({}, { signal }), refetchInterval: ASK_AGAIN_MS, retry: false });
  const regions = query.data?.regions ?? [];
  return (
    <section className="page-stack regions" aria-labelledby="regions">
      <h2 id="regions">{t("regions.title")}</h2>
      {query.isError && <p className="note">{t(isUnimplemented(query.error) ? "app.older" : "regions.failed", { problem: sentenceOf(query.error) })}</p>}
      {query.isSuccess && regions.length === 0 && <p className="note">{t("regions.none")}</p>}
      {regions.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t("route.region")}</th>
              <th scope="col">{t("regions.echo")}</th>
            </tr>
          </thead>
          <tbody>
            {regions.map(({ name, echo }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{echo.length === 0 ? <span className="note">{t("regions.noEcho")}</span> : echo.map((url) => <code key={url} className="endpoint">{url}</code>)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="note">{t("regions.hint")}</p>
      <Command line={lines.regions()} label={t("cli.same")} />
    </section>
  );
}
