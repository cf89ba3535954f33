import { type MouseEvent, useEffect, useRef } from "react";
import { millis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { useNow } from "../parts/Time.tsx";
import type { CalendarProps } from "./Calendar.tsx";
import { atWall, DAY_MINUTES, daysFrom, MINUTE_MS, startOfWeek, wallMinutes } from "./days.ts";
import { EventBar } from "./EventBar.tsx";
import { layOutDay } from "./layout.ts";
import { ghostLast, ghostOf } from "./Month.tsx";
import type { Shown } from "./phase.ts";

const HOUR_PIXELS = 44;
export const PIXELS_PER_MINUTE = HOUR_PIXELS / 60;
/** A click on an empty place makes an event at the last half an hour. */
const CLICK_MINUTES = 30;
const hours = Array.from({ length: 24 }, (_, hour) => hour);

/** Seven days by the wall clock, with events where they are in the day, and their preparation before them. */
export function Week({ atMs, todayMs, firstDay, shown, chosen, mayMake, mover, onOpen, onNew }: CalendarProps) {
  const { t, format } = useSpeech();
  const now = useNow();
  const bounds = daysFrom(startOfWeek(atMs, firstDay), 7);
  const ghost = ghostOf(shown, mover.held);
  const box = useRef<HTMLDivElement>(null);
  const start = bounds[0]!;
  useEffect(() => {
    const inWeek = shown.filter(({ fromMs }) => fromMs >= start && fromMs < bounds[7]!).map(({ fromMs }) => wallMinutes(fromMs));
    const first = Math.min(...inWeek, 17 * 60);
    if (box.current !== null) box.current.scrollTop = Math.max(0, first - 90) * PIXELS_PER_MINUTE;
    // Once for each week: nothing scrolls by itself while one reads.
  }, [start]);
  const onClick = (day: number) => (event: MouseEvent<HTMLElement>) => {
    if (!mayMake) return;
    const minutes = (event.clientY - event.currentTarget.getBoundingClientRect().top) / PIXELS_PER_MINUTE;
    onNew(atWall(day, Math.floor(minutes / CLICK_MINUTES) * CLICK_MINUTES));
  };
  return (
    <div className="week" role="group" aria-label={t("events.calendar", { range: `${format.day(start)} – ${format.day(bounds[6]!)}` })} ref={box}>
      <div className="week-head">
        <span />
        {bounds.slice(0, 7).map((day, i) => (
          <span key={day} className={day === todayMs ? "today" : ""}>
            {format.day(day)}
            <DayLength hours={(bounds[i + 1]! - day) / (60 * MINUTE_MS)} />
          </span>
        ))}
      </div>
      <div className="week-body" style={{ height: 24 * HOUR_PIXELS }}>
        <div className="week-hours" aria-hidden="true">
          {hours.map((hour) => <span key={hour} style={{ top: hour * HOUR_PIXELS }}>{format.time(atWall(start, hour * 60))}</span>)}
        </div>
        {bounds.slice(0, 7).map((day, i) => {
          const until = bounds[i + 1]!;
          const blocks = ghostLast(layOutDay(day, until, ghost === undefined ? shown : [...shown, ghost]), ghost);
          return (
            <div key={day} className={`week-day ${day === todayMs ? "today" : ""}`} data-day={day} onClick={onClick(day)}>
              {shown.map((one) => <Preparation key={one.name} shown={one} day={day} until={until} />)}
              {blocks.map((block) => (
                <EventBar
                  key={block.of === ghost ? "ghost" : block.of.name}
                  shown={block.of}
                  look={block.of === ghost ? "ghost" : ghost?.name === block.of.name ? "was" : ""}
                  cut={`${block.before ? "above" : ""} ${block.after ? "below" : ""}`}
                  chosen={block.of.name === chosen}
                  style={{
                    top: block.top * PIXELS_PER_MINUTE,
                    height: (block.bottom - block.top) * PIXELS_PER_MINUTE - 2,
                    left: `calc(${(block.column / block.columns) * 100}% + 2px)`,
                    width: `calc(${100 / block.columns}% - 4px)`,
                  }}
                  tall
                  mover={mover}
                  onOpen={onOpen}
                />
              ))}
              {day === todayMs && <i className="week-now" style={{ top: wallMinutes(now) * PIXELS_PER_MINUTE }} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The time in which an event's capacity is brought up, hatched. */
function Preparation({ shown, day, until }: { shown: Shown; day: number; until: number }) {
  const { t, format } = useSpeech();
  const prepares = millis(shown.event.status?.preparesAt);
  if (prepares === undefined || shown.phase === "over" || prepares >= until || shown.fromMs <= day || prepares >= shown.fromMs) return null;
  const top = prepares < day ? 0 : wallMinutes(prepares);
  const bottom = shown.fromMs >= until ? DAY_MINUTES : wallMinutes(shown.fromMs);
  if (bottom <= top) return null;
  const said = t("event.preparing", { title: shown.title, time: format.moment(prepares) });
  return <i className="week-prepares" title={said} style={{ top: top * PIXELS_PER_MINUTE, height: Math.max(3, (bottom - top) * PIXELS_PER_MINUTE) }} />;
}

/** Days on which the clocks are changed say how long they are. */
function DayLength({ hours }: { hours: number }) {
  const { t } = useSpeech();
  return hours === 24 ? null : <span className="note" data-testid="day-length"> {t("events.dayLength", { hours })}</span>;
}
