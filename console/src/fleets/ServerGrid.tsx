import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { isOld, layOut, type Place, step } from "./order.ts";
import { type Density, ServerCell } from "./ServerCell.tsx";

/** Up to this many servers have a card each; up to the second, a sign each; then small signs. */
const CARDS_MAX = 24;
const SIGNS_MAX = 600;
/** No more are drawn: a page of more cells than this is slow and says nothing. The filter finds the others. */
const DRAWN_MAX = 2_500;
/** After the pointer or the focus has left, places that servers left stay this long. */
const SETTLE_MS = 1_200;

interface Props {
  fleet: string;
  servers: readonly Server[];
  /** Servers of the fleet before the filter: what decides how they are drawn, so that typing resizes nothing. */
  total: number;
  /** The fleet's present template; 0: not known. */
  revision: bigint;
  chosen: string | undefined;
  onChoose: (name: string) => void;
}

/** A fleet's servers, one cell each. Arrow keys move in it. Nothing changes its place while somebody looks at it. */
export function ServerGrid({ fleet, servers, total, revision, chosen, onChoose }: Props) {
  const { t } = useSpeech();
  const grid = useRef<HTMLDivElement>(null);
  const { held, hold, release } = useHold();
  const [at, setAt] = useState<string>();
  const places = usePlaces(servers, held);
  const drawn = places.length > DRAWN_MAX ? places.slice(0, DRAWN_MAX) : places;
  const density: Density = total <= CARDS_MAX ? "cards" : total <= SIGNS_MAX ? "signs" : "dots";
  const entry = drawn.some(({ name }) => name === at) ? at : drawn[0]?.name;

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const cells = [...(grid.current?.querySelectorAll<HTMLElement>("[data-cell]") ?? [])];
    const from = cells.indexOf(document.activeElement as HTMLElement);
    if (from < 0) return;
    const to = step(from, event.key, columnsOf(cells), cells.length);
    if (to === from) return;
    event.preventDefault();
    cells[to]!.focus();
  };

  return (
    <>
      <div
        ref={grid}
        className={`grid ${density}`}
        role="group"
        aria-label={t("fleet.grid", { fleet })}
        onKeyDown={onKeyDown}
        onPointerEnter={hold}
        onPointerLeave={release}
        onFocus={(event) => {
          hold();
          setAt((event.target as HTMLElement).dataset.cell);
        }}
        onBlur={release}
      >
        {drawn.map((place) => (
          <ServerCell key={place.name} place={place} density={density} chosen={chosen === place.name} tabbable={place.name === entry} old={isOld(place.server, revision)} onChoose={onChoose} />
        ))}
      </div>
      {places.length > DRAWN_MAX && <p className="note">{t("fleet.tooMany", { shown: DRAWN_MAX, n: places.length })}</p>}
    </>
  );
}

/** Columns as laid out: the cells that share the first one's top. */
function columnsOf(cells: readonly HTMLElement[]): number {
  const top = cells[0]?.offsetTop;
  const next = cells.findIndex((cell) => cell.offsetTop !== top);
  return next < 0 ? cells.length : next;
}

function useHold() {
  const [held, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return {
    held,
    hold: () => {
      clearTimeout(timer.current);
      setHeld(true);
    },
    release: () => {
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setHeld(false), SETTLE_MS);
    },
  };
}

/** The layout, remembered from one change to the next; an unchanged server keeps its place object, so that its cell is not drawn again. */
function usePlaces(servers: readonly Server[], held: boolean): readonly Place[] {
  const [state, setState] = useState<{ places: readonly Place[]; of: readonly Server[]; held: boolean }>({ places: [], of: [], held: false });
  if (state.of === servers && state.held === held) return state.places;
  const before = new Map(state.places.map((place) => [place.name, place]));
  const places = layOut(state.places, servers, held).map((place) => {
    const old = before.get(place.name);
    return old !== undefined && old.server === place.server ? old : place;
  });
  setState({ places, of: servers, held });
  return places;
}
