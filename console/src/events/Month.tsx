import { type KeyboardEvent } from "react";
import { step } from "../fleets/order.ts";
import { useSpeech } from "../i18n/language.tsx";
import { atWall, monthWeeks } from "./days.ts";
import { EventBar } from "./EventBar.tsx";
import { layOutWeek } from "./layout.ts";
import type { Shown } from "./phase.ts";
import type { CalendarProps } from "./Calendar.tsx";

/** So many events of a day are drawn, the others counted. */
const LANES = 3;
/** A new event of a day begins at eight in the evening. */
export const DOORS_MINUTES = 20 * 60;

/** Six weeks, with events as bars over their days. Arrow keys go from day to day. */
export function Month({ atMs, todayMs, firstDay, shown, chosen, mayMake, mover, onOpen, onNew, onWeek }: CalendarProps) {
  const { t, format } = useSpeech();
  const weeks = monthWeeks(atMs, firstDay);
  const month = new Date(atMs).getMonth();
  const ghost = ghostOf(shown, mover.held);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const days = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-day-button]")];
    const from = days.indexOf(document.activeElement as HTMLElement);
    if (from < 0 || event.altKey) return;
    const to = step(from, event.key, 7, days.length);
    if (to === from) return;
    event.preventDefault();
    days[to]!.focus();
  };
  return (
    <div className="month" role="group" aria-label={t("events.calendar", { range: format.month(atMs) })} onKeyDown={onKeyDown}>
      <div className="month-names" aria-hidden="true">
        {weeks[0]!.slice(0, 7).map((day) => <span key={day}>{format.weekday(day)}</span>)}
      </div>
      {weeks.map((bounds) => {
        const bars = ghostLast(layOutWeek(bounds, ghost === undefined ? shown : [...shown, ghost]), ghost);
        const hidden = bounds.slice(0, 7).map((_, column) => bars.filter((bar) => bar.lane >= LANES && bar.first <= column && bar.last >= column).length);
        return (
          <div className="month-week" key={bounds[0]}>
            {bounds.slice(0, 7).map((day, column) => (
              <div
                key={day}
                className={`month-day ${new Date(day).getMonth() === month ? "" : "other"} ${day === todayMs ? "today" : ""}`}
                data-day={day}
                style={{ gridColumn: column + 1 }}
                onClick={() => mayMake && onNew(atWall(day, DOORS_MINUTES))}
              >
                <button
                  type="button"
                  className="day-number"
                  data-day-button=""
                  aria-current={day === todayMs ? "date" : undefined}
                  aria-label={mayMake ? t("events.newAt", { day: format.day(day) }) : format.day(day)}
                  tabIndex={day === todayMs || (column === 0 && !bounds.includes(todayMs)) ? 0 : -1}
                >
                  {new Date(day).getDate()}
                </button>
              </div>
            ))}
            {bars.filter(({ lane }) => lane < LANES).map((bar) => (
              <EventBar
                key={bar.of === ghost ? "ghost" : bar.of.name}
                shown={bar.of}
                look={bar.of === ghost ? "ghost" : ghost?.name === bar.of.name ? "was" : ""}
                cut={`${bar.before ? "before" : ""} ${bar.after ? "after" : ""}`}
                chosen={bar.of.name === chosen}
                style={{ gridColumn: `${bar.first + 1} / ${bar.last + 2}`, gridRow: bar.lane + 2 }}
                tall={false}
                mover={mover}
                onOpen={onOpen}
              />
            ))}
            {hidden.map((n, column) => n > 0 && (
              <button
                key={column}
                type="button"
                className="month-more"
                style={{ gridColumn: column + 1, gridRow: LANES + 2 }}
                aria-label={t("events.moreOn", { n, day: format.day(bounds[column]!) })}
                onClick={() => onWeek(bounds[column]!)}
              >
                {t("events.more", { n })}
              </button>
            ))}
          </div>
        );
      })}
    </div>
  );
}

/** The ghost comes last in the page: were the carried event itself put elsewhere in it, the browser would let go of the pointer. */
export function ghostLast<B extends { of: Shown }>(drawn: readonly B[], ghost: Shown | undefined): B[] {
  return [...drawn.filter(({ of }) => of !== ghost), ...drawn.filter(({ of }) => of === ghost)];
}

/** The carried event at the place where it would go. */
export function ghostOf(shown: readonly Shown[], held: { name: string; place: { fromMs: number; toMs: number } } | undefined): Shown | undefined {
  const of = held && shown.find(({ name }) => name === held.name);
  return of && held && { ...of, ...held.place };
}
