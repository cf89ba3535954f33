import type { Shown } from "./phase.ts";
import { Month } from "./Month.tsx";
import type { Mover } from "./useMover.ts";
import { Week } from "./Week.tsx";

/** What the month's and the week's pages are drawn from. */
export interface CalendarProps {
  atMs: number;
  todayMs: number;
  /** 0 for Sunday, 1 for Monday, …. */
  firstDay: number;
  shown: readonly Shown[];
  chosen: string | undefined;
  mayMake: boolean;
  mover: Mover;
  onOpen: (name: string) => void;
  onNew: (doorsMs: number) => void;
  onWeek: (dayMs: number) => void;
}

/** The month's page or the week's. */
export function Calendar({ view, ...props }: CalendarProps & { view: "month" | "week" }) {
  return view === "month" ? <Month {...props} /> : <Week {...props} />;
}

/** The day that weeks begin with where the viewer lives; Monday where the browser does not know. */
export function firstDayOfWeek(): number {
  const locale = new Intl.Locale(navigator.language) as Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } };
  return ((locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1) % 7;
}
