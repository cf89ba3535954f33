import { getRouteApi } from "@tanstack/react-router";
import { useMayOperate } from "../app/context.tsx";
import { LinkState } from "../app/LinkState.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Unheard } from "../parts/Unheard.tsx";
import { inOrder, isUnderWay } from "./rollout.ts";
import { RolloutCard } from "./RolloutCard.tsx";
import { RolloutForm } from "./RolloutForm.tsx";
import { useRollouts } from "./useRollouts.ts";
import "../routes/routes.css";
import "./rollouts.css";

/** What the page's panel shows: a form for a new rollout, of a route. */
export interface RolloutsShown {
  new?: boolean;
  route?: string;
}

const here = getRouteApi("/rollouts");

/** What is on its way to everybody? */
export function RolloutsPage() {
  const { t } = useSpeech();
  const mayOperate = useMayOperate();
  const watch = useRollouts();
  const search = here.useSearch();
  const navigate = here.useNavigate();
  const all = inOrder(watch.items.values());
  const [now, past] = [all.filter(isUnderWay), all.filter((one) => !isUnderWay(one))];
  const close = () => void navigate({ search: {}, resetScroll: false });
  const question = watch.phase === "connecting" ? t("verdict.loading") : now.length === 0 ? t("rollouts.nothing") : t("rollouts.underWay", { n: now.length });
  return (
    <main className="page page-stack rollouts" id="content">
      <div className="toolbar">
        <div className="page-head">
          <p className="note">{t("rollouts.question")}</p>
          <h1>{question}</h1>
        </div>
        <div className="toolbar-group">
          <LinkState watches={[watch]} />
          {mayOperate && <button type="button" className="button main" onClick={() => void navigate({ search: { new: true }, resetScroll: false })}>{t("rollout.new")}</button>}
        </div>
      </div>
      <Unheard watch={watch} />
      {watch.phase === "connecting" && watch.problem === "" && <div className="bones" style={{ height: 190 }} />}
      {watch.phase === "live" && all.length === 0 && (
        <div className="blank">
          <strong>{t("rollouts.none")}</strong>
          <p>{t("rollouts.none.hint")}</p>
        </div>
      )}
      {now.map((rollout) => <RolloutCard key={rollout.name} rollout={rollout} />)}
      {past.length > 0 && (
        <section className="page-stack" aria-labelledby="past">
          <h2 id="past">{t("rollouts.past")}</h2>
          {past.map((rollout) => <RolloutCard key={rollout.name} rollout={rollout} />)}
        </section>
      )}
      <Command line={lines.rollouts()} label={t("cli.same")} />
      {search.new === true && (
        <RolloutForm
          route={search.route ?? ""}
          taken={new Set(watch.items.keys())}
          onClose={close}
          onBegun={({ name }) => void navigate({ to: "/rollouts/$name", params: { name } })}
        />
      )}
    </main>
  );
}
