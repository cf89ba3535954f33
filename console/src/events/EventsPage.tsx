import type { Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { LinkState } from "../app/LinkState.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Segments } from "../parts/Segments.tsx";
import { useNow } from "../parts/Time.tsx";
import { useWatch } from "../watch/useWatch.ts";
import { Agenda, AGENDA_DAYS } from "./Agenda.tsx";
import { Calendar, firstDayOfWeek } from "./Calendar.tsx";
import { addDays, addMonths, atWall, daysFrom, fromLocal, startOfDay, startOfWeek, toLocalDay } from "./days.ts";
import { EventForm } from "./EventForm.tsx";
import { EventPanel } from "./EventPanel.tsx";
import { DOORS_MINUTES } from "./Month.tsx";
import { MoveDialog } from "./MoveDialog.tsx";
import { type Shown, shownOf } from "./phase.ts";
import { Summary } from "./Summary.tsx";
import { type Held, useMover } from "./useMover.ts";
import { PIXELS_PER_MINUTE } from "./Week.tsx";
import "../overview/overview.css";
import "../parts/confirm.css";
import "../routes/routes.css";
import "./events.css";

/** How the calendar is shown, and what its panel shows; in the address, so that Back closes it and a link opens it. */
export interface EventsShown {
  view?: View;
  /** The day that is looked at: 2026-11-21. */
  at?: string;
  event?: string;
  /** The panel is a form: of the event, or of a new one at this local time. */
  edit?: boolean;
  new?: number;
}

const views = ["month", "week", "list"] as const;
export type View = (typeof views)[number];

/** Below this width a month has no room. */
const NARROW = "(max-width: 760px)";

const here = getRouteApi("/events");

/** What is coming? */
export function EventsPage() {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const mayMake = useMayOperate();
  const search = here.useSearch();
  const navigate = here.useNavigate();
  const watch = useWatch(api.watch.events);
  const minute = Math.floor(useNow() / 60_000) * 60_000;
  const narrow = useMedia(NARROW);
  const [firstDay] = useState(firstDayOfWeek);
  const [asked, setAsked] = useState<Held>();
  const [said, setSaid] = useState("");
  const follow = useFollow();

  const today = startOfDay(minute);
  const at = fromLocal(search.at ?? "")?.atMs ?? today;
  const view: View = narrow ? "list" : (search.view ?? "month");
  const shown = useMemo(() => shownOf(watch.items.values(), minute), [watch.items, minute]);
  follow.look(shown);
  const loading = watch.phase === "connecting";
  const trouble = watch.phase === "refused" || (loading && watch.problem !== "") ? { refused: watch.phase === "refused", problem: watch.problem } : undefined;

  const go = useCallback((change: EventsShown) => void navigate({ search: (old) => ({ ...old, ...change }), resetScroll: false }), [navigate]);
  const close = useCallback(() => go({ event: undefined, edit: undefined, new: undefined }), [go]);
  const open = useCallback((event: string) => go({ event, edit: undefined, new: undefined }), [go]);
  const makeAt = useCallback((doorsMs: number) => go({ new: doorsMs, event: undefined, edit: undefined }), [go]);
  const mover = useMover({
    view: view === "week" ? "week" : "month",
    may: mayMake,
    pixelsPerMinute: PIXELS_PER_MINUTE,
    onAsk: setAsked,
    onRefused: (one) => setSaid(t("move.notMovable", { title: one.title, phase: t(`phase.${one.phase}`) })),
  });
  const titleOf = (event: Event) => event.spec?.title || event.name;
  const held = mover.held && shown.find(({ name }) => name === mover.held!.name);
  const speaks = held === undefined ? said : t("move.held", { title: held.title, when: format.moment(mover.held!.place.fromMs) });
  const carried = asked && shown.find(({ name }) => name === asked.name);
  const nextDoors = () => {
    const doors = atWall(view === "list" || at < today ? today : at, DOORS_MINUTES);
    return doors > minute ? doors : addDays(doors, 1);
  };
  useNewKey(mayMake, () => makeAt(nextDoors()));

  return (
    <main className="page events" id="content">
      <Summary shown={shown} loading={loading} trouble={trouble} />
      <div className="toolbar">
        <div className="toolbar-group">
          <button type="button" className="button icon" aria-label={t("events.earlier")} title={t("events.earlier")} onClick={() => go({ at: toLocalDay(turn(at, view, -1)) })}>‹</button>
          <button type="button" className="button" onClick={() => go({ at: undefined })}>{t("events.today")}</button>
          <button type="button" className="button icon" aria-label={t("events.later")} title={t("events.later")} onClick={() => go({ at: toLocalDay(turn(at, view, 1)) })}>›</button>
          <h2 aria-live="polite">{rangeName(at, view, firstDay, format)}</h2>
        </div>
        <div className="toolbar-group">
          <LinkState watches={[watch]} />
          {!narrow && <Segments label={t("events.view")} value={view} options={views.map((value) => ({ value, text: t(`view.${value}`) }))} onChange={(next) => go({ view: next })} />}
          {mayMake && <button type="button" className="button main" aria-keyshortcuts="n" onClick={() => makeAt(nextDoors())}>{t("events.new")}</button>}
        </div>
      </div>
      {loading && shown.length === 0 && trouble === undefined ? (
        <div className="bones calendar-bones" aria-hidden="true" />
      ) : view === "list" ? (
        <Agenda atMs={at} shown={shown} chosen={search.event} onOpen={open} />
      ) : (
        <Calendar view={view} atMs={at} todayMs={today} firstDay={firstDay} shown={shown} chosen={search.event} mayMake={mayMake} mover={mover} onOpen={open} onNew={makeAt} onWeek={(day) => go({ view: "week", at: toLocalDay(day) })} />
      )}
      <p className="events-foot">
        <span className="note">{t("events.zone", { zone: format.zone(minute) })}</span>
        {mayMake && view !== "list" && <span className="note">{t("events.keys")}</span>}
        <span role="status" className="events-said">{speaks}</span>
      </p>
      {!loading && shown.length === 0 && trouble === undefined && (
        <div className="blank">
          <p>{t("events.none.hint")}</p>
          <Command line={lines.newEvent()} />
        </div>
      )}
      {search.event !== undefined && search.edit === true && watch.items.has(search.event) ? (
        <EventForm key={`edit ${search.event}`} before={watch.items.get(search.event)} doorsMs={at} onClose={() => go({ edit: undefined })} onSaved={(event) => { setSaid(t("event.saved", { title: titleOf(event) })); open(event.name); }} />
      ) : search.event !== undefined ? (
        <EventPanel key={search.event} name={search.event} event={watch.items.get(search.event)} loading={loading} onClose={close} onEdit={() => go({ edit: true })} onCancelled={(event) => { setSaid(t("event.cancelled", { title: titleOf(event) })); close(); }} />
      ) : search.new !== undefined ? (
        <EventForm key="new" before={undefined} doorsMs={search.new} onClose={close} onSaved={(event) => { setSaid(t("event.saved", { title: titleOf(event) })); open(event.name); }} />
      ) : null}
      {asked !== undefined && carried !== undefined && (
        <MoveDialog
          shown={carried}
          to={asked.place}
          all={shown}
          onKeep={() => setAsked(undefined)}
          onMoved={(event) => {
            setAsked(undefined);
            follow.expect(asked);
            setSaid(t("event.moved", { title: titleOf(event), when: format.moment(asked.place.fromMs) }));
          }}
        />
      )}
    </main>
  );
}

function turn(at: number, view: View, by: 1 | -1): number {
  return view === "month" ? addMonths(at, by) : addDays(at, by * (view === "week" ? 7 : AGENDA_DAYS));
}

function rangeName(at: number, view: View, firstDay: number, format: { month: (ms: number) => string; day: (ms: number) => string }): string {
  if (view === "month") return format.month(at);
  const days = view === "week" ? daysFrom(startOfWeek(at, firstDay), 7) : daysFrom(startOfDay(at), AGENDA_DAYS);
  return `${format.day(days[0]!)} – ${format.day(days[days.length - 2]!)}`;
}

/** Brings the focus to an event when it has come to its new place: it may be drawn in another week there. */
function useFollow() {
  const [expected, setExpected] = useState<Held>();
  const [there, setThere] = useState<string>();
  useEffect(() => {
    if (there === undefined) return;
    document.querySelector<HTMLElement>(`[data-event="${CSS.escape(there)}"]`)?.focus();
    setThere(undefined);
  }, [there]);
  return {
    expect: setExpected,
    look: (shown: readonly Shown[]) => {
      if (expected === undefined || !shown.some(({ name, fromMs }) => name === expected.name && fromMs === expected.place.fromMs)) return;
      setExpected(undefined);
      setThere(expected.name);
    },
  };
}

/** "n" makes an event, from anywhere on the page where nobody types. */
function useNewKey(may: boolean, make: () => void) {
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog, .panel") !== null;
      if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey || typing || !may) return;
      event.preventDefault();
      make();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  });
}

function useMedia(query: string): boolean {
  const media = useMemo(() => matchMedia(query), [query]);
  return useSyncExternalStore(
    (changed) => {
      media.addEventListener("change", changed);
      return () => media.removeEventListener("change", changed);
    },
    () => media.matches,
  );
}
