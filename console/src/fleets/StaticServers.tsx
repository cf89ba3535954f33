import type { StaticProvider } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { spanMillis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { fillStep, occupancy, stateName } from "./occupancy.ts";
import { ServerGlyph } from "./ServerGlyph.tsx";

/** The defaults of probes that do not say: every 2 s, three looks in a row, dead after 5 min. */
const EVERY_MS = 2_000;
const THRESHOLD = 3;
const DEAD_MS = 300_000;

/** The servers at fixed addresses, each with how its probe went, whether it is known as a server yet or not. */
export function StaticServers({ provider, servers, onChoose }: { provider: StaticProvider; servers: readonly Server[]; onChoose: (server: string) => void }) {
  const { t, format } = useSpeech();
  const { probe } = provider;
  const of = (name: string) => servers.find((server) => server.node === name || server.name.endsWith(`-${name}`));
  const kind = probe?.kind.case ?? "tcp";
  return (
    <section className="static" aria-labelledby="static">
      <h2 id="static">{t("static.title", { n: provider.servers.length })}</h2>
      <p className="note">{t("static.probe", { kind: kind.toUpperCase(), every: format.length(spanMillis(probe?.interval) || EVERY_MS), n: probe?.threshold || THRESHOLD, dead: format.length(spanMillis(probe?.deadAfter) || DEAD_MS) })}</p>
      <div className="table-box">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t("static.server")}</th>
              <th scope="col">{t("server.endpoints")}</th>
              <th scope="col">{t("static.state")}</th>
              <th scope="col" className="n">{t("number.sessions")}</th>
              <th scope="col" className="n">{t("number.players")}</th>
            </tr>
          </thead>
          <tbody>
            {provider.servers.map(({ name, endpoints }) => {
              const server = of(name);
              const state = server === undefined ? "gone" : stateName(server.state);
              return (
                <tr key={name} data-static={name}>
                  <th scope="row">{server === undefined ? name : <button type="button" className="button plain" onClick={() => onChoose(server.name)}>{name}</button>}</th>
                  <td>{endpoints.map(({ url }) => <code key={url} className="endpoint">{url}</code>)}</td>
                  <td>
                    <span className="static-state">
                      <ServerGlyph state={state} step={server === undefined ? 0 : fillStep(occupancy(server))} size={18} />
                      <span>
                        {server === undefined ? t("static.unseen") : t(`state.${state}`)}
                        {server?.reason && <span className="note">{server.reason}</span>}
                      </span>
                    </span>
                  </td>
                  <td className="n">{server === undefined ? "–" : format.number(server.sessions)}</td>
                  <td className="n">{server === undefined ? "–" : format.number(server.seatsClaimed)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
