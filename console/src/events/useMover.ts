import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { daysBetween } from "./days.ts";
import { keyMove, mayMove, moveBy, type Place, STEP_MINUTES } from "./move.ts";
import type { Shown } from "./phase.ts";

/** An event on its way to another place. */
export interface Held {
  readonly name: string;
  readonly place: Place;
}

/** A pointer that went less far than this wanted to click. */
const DRAG_PIXELS = 5;

interface Drag {
  shown: Shown;
  x: number;
  y: number;
  /** The day under the pointer when it went down, and the last one that it was over. */
  day: number;
  over: number;
  moving: boolean;
}

interface Options {
  view: "month" | "week";
  may: boolean;
  /** Pixels of the page for a minute; of no use in the month. */
  pixelsPerMinute: number;
  onAsk: (held: Held) => void;
  onRefused: (shown: Shown) => void;
}

/** Lets events be carried about by pointer and by keyboard. Nothing is moved by it: it asks. */
export function useMover({ view, may, pixelsPerMinute, onAsk, onRefused }: Options) {
  const [held, setHeld] = useState<Held>();
  const drag = useRef<Drag>(undefined);
  const suppress = useRef(false);

  const placeAt = (event: PointerEvent, drag: Drag): Place => {
    drag.over = dayUnder(event.clientX, event.clientY) ?? drag.over;
    const steps = view === "week" ? Math.round((event.clientY - drag.y) / pixelsPerMinute / STEP_MINUTES) : 0;
    return moveBy(drag.shown, daysBetween(drag.day, drag.over), steps * STEP_MINUTES);
  };

  const end = (ask: Held | undefined) => {
    drag.current = undefined;
    setHeld(undefined);
    if (ask !== undefined) onAsk(ask);
  };

  return {
    held,
    drop: () => end(undefined),
    /** What a bar of the calendar listens to. */
    listeners: (shown: Shown) => ({
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        suppress.current = false;
        const day = dayUnder(event.clientX, event.clientY);
        if (event.button !== 0 || !may || day === undefined) return;
        drag.current = { shown, x: event.clientX, y: event.clientY, day, over: day, moving: false };
        event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        const now = drag.current;
        if (now === undefined) return;
        if (!now.moving && Math.hypot(event.clientX - now.x, event.clientY - now.y) < DRAG_PIXELS) return;
        if (!mayMove(shown.phase)) {
          if (!now.moving) onRefused(shown);
          now.moving = true;
          suppress.current = true;
          return;
        }
        now.moving = true;
        setHeld({ name: shown.name, place: placeAt(event, now) });
      },
      onPointerUp: (event: PointerEvent<HTMLElement>) => {
        const now = drag.current;
        if (now === undefined) return;
        suppress.current = now.moving;
        const place = now.moving && mayMove(shown.phase) ? placeAt(event, now) : shown;
        end(place.fromMs === shown.fromMs ? undefined : { name: shown.name, place });
      },
      onPointerCancel: () => end(undefined),
      // After a pointer that went up this comes too, and finds nothing carried.
      onLostPointerCapture: () => drag.current !== undefined && end(undefined),
      onClickCapture: (event: { preventDefault: () => void; stopPropagation: () => void }) => {
        if (!suppress.current) return;
        suppress.current = false;
        event.preventDefault();
        event.stopPropagation();
      },
      onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
        const own = held?.name === shown.name ? held : undefined;
        const by = event.altKey ? keyMove(event.key, event.shiftKey, view) : undefined;
        if (by !== undefined && may) {
          event.preventDefault();
          if (!mayMove(shown.phase)) return onRefused(shown);
          return setHeld({ name: shown.name, place: moveBy(own?.place ?? shown, by.days, by.minutes) });
        }
        if (own === undefined || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        end(event.key === "Enter" && own.place.fromMs !== shown.fromMs ? own : undefined);
      },
      onBlur: () => {
        if (drag.current === undefined && held?.name === shown.name) setHeld(undefined);
      },
    }),
  };
}

export type Mover = ReturnType<typeof useMover>;

function dayUnder(x: number, y: number): number | undefined {
  const found = document.elementsFromPoint(x, y).find((element) => element instanceof HTMLElement && element.dataset.day !== undefined);
  return found === undefined ? undefined : Number((found as HTMLElement).dataset.day);
}
