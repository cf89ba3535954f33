import { groupBy } from "../parts/group.ts";
import { useSpeech } from "../i18n/language.tsx";
import { useNow } from "../parts/Time.tsx";
import { addDays, startOfDay } from "./days.ts";
import { inOrder } from "./layout.ts";
import { PhaseGlyph } from "./PhaseGlyph.tsx";
import { type Shown, standing } from "./phase.ts";

/** So many days are listed. */
export const AGENDA_DAYS = 31;

/** Events as a list by day. One that is on since an earlier day stands under the first day. */
export function Agenda({ atMs, shown, chosen, onOpen }: { atMs: number; shown: readonly Shown[]; chosen: string | undefined; onOpen: (name: string) => void }) {
  const { t, format } = useSpeech();
  const now = useNow();
  const from = startOfDay(atMs);
  const until = addDays(from, AGENDA_DAYS);
  const listed = inOrder(shown.filter(({ fromMs, toMs }) => fromMs < until && toMs > from));
  const days = groupBy(listed, ({ fromMs }) => Math.max(from, startOfDay(fromMs)));
  if (listed.length === 0) return <p className="blank">{t("events.nothingHere")}</p>;
  return (
    <ol className="agenda">
      {[...days].map(([day, events]) => (
        <li key={day}>
          <h2>
            {format.day(day)} <span className="note">{day === startOfDay(now) ? t("events.today") : format.relative(day, startOfDay(now))}</span>
          </h2>
          <ul>
            {events.map((one) => (
              <li key={one.name}>
                <button type="button" className={`agenda-event ${one.phase}`} data-event={one.name} aria-pressed={one.name === chosen} onClick={() => onOpen(one.name)}>
                  <span className="agenda-time" title={format.full(one.fromMs)}>
                    {format.time(one.fromMs)}
                    <span className="note">{format.length(one.toMs - one.fromMs)}</span>
                  </span>
                  <span className="agenda-what">
                    <b>{one.title}</b>
                    <span className="note">{`${t("event.people", { n: one.event.spec?.attendance ?? 0 })} · ${one.event.spec?.route ?? ""}`}</span>
                  </span>
                  <span className="agenda-phase">
                    <PhaseGlyph phase={one.phase} share={standing(one.event)} />
                    {t(`phase.${one.phase}`)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}
