import type { RolloutMove } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Ago } from "../parts/Time.tsx";

/** What moves are called; others are shown in Greenroom's own word. */
const words: Record<string, MessageKey> = {
  began: "moved.began", promoted: "moved.promoted", paused: "moved.paused", resumed: "moved.resumed", "rolled back": "moved.rolledBack", done: "moved.done", replaced: "moved.replaced", changed: "moved.changed",
};

/** The way so far, the newest first: who, when, why. */
export function Moves({ moves }: { moves: readonly RolloutMove[] }) {
  const { t, format } = useSpeech();
  if (moves.length === 0) return <p className="note">{t("moves.none")}</p>;
  return (
    <ol className="log moves">
      {moves.map((move, i) => ({ move, i })).reverse().map(({ move, i }) => (
        <li key={i} className="log-line" data-what={move.what}>
          <span className="log-time"><Ago at={move.at} /></span>
          <div>
            <p>
              <b>{Object.hasOwn(words, move.what) ? t(words[move.what]!) : move.what}</b>
              <span className="move-weight">{format.ppm(move.weightPpm)}</span>
              {move.what !== "began" && <span className="note">{move.actor === "gates" ? t("moves.gates") : t("moves.by", { actor: move.actor })}</span>}
            </p>
            {move.reason !== "" && <p className="move-why">{move.reason}</p>}
          </div>
        </li>
      ))}
    </ol>
  );
}
