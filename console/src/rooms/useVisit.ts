import { useCallback, useEffect, useRef, useState } from "react";
import { useHouse } from "../app/context.tsx";
import { NoDoor, guestName, takeSeat } from "./guest.ts";
import { Visit } from "./visit.ts";

/** Where the guest stands with the room. */
export type Stay =
  | { readonly is: "outside"; readonly problem: string; readonly noDoor: boolean }
  | { readonly is: "entering" }
  | { readonly is: "inside"; readonly visit: Visit }
  | { readonly is: "away"; readonly visit: Visit }
  | { readonly is: "ended"; readonly problem: string };

const outside: Stay = { is: "outside", problem: "", noDoor: false };

/** Walks into a room as a guest and out again; leaving the page walks out too. `onBack` hears of each return after a move or a loss. */
export function useVisit(route: string, key: string, onBack: (server: string) => void) {
  const { api } = useHouse();
  const [stay, setStay] = useState<Stay>(outside);
  const current = useRef<{ stop: AbortController; visit: Visit | undefined }>(undefined);
  const back = useRef(onBack);
  back.current = onBack;

  const walkOut = useCallback(() => {
    current.current?.stop.abort();
    current.current?.visit?.leave();
    current.current = undefined;
    setStay(outside);
  }, []);

  const walkIn = useCallback(async () => {
    current.current?.stop.abort();
    current.current?.visit?.leave();
    const own = { stop: new AbortController(), visit: undefined as Visit | undefined };
    current.current = own;
    const { signal } = own.stop;
    const player = guestName(sessionStorage, Math.random);
    let server = "";
    const seat = async () => {
      const place = await takeSeat(api, route, key, player, signal);
      server = place.server;
      return place;
    };
    setStay({ is: "entering" });
    try {
      const visit = await Visit.enter(await seat(), doorstep(), seat, signal);
      if (signal.aborted) return visit.leave();
      own.visit = visit;
      setStay({ is: "inside", visit });
      visit.onStatus((status, problem) => {
        if (signal.aborted) return;
        if (status === "closed") setStay({ is: "ended", problem });
        else setStay({ is: status === "open" ? "inside" : "away", visit });
        if (status === "open") back.current(server);
      });
    } catch (cause) {
      if (!signal.aborted) setStay({ is: "outside", problem: cause instanceof Error ? cause.message : String(cause), noDoor: cause instanceof NoDoor });
    }
  }, [api, route, key]);

  useEffect(() => {
    const leave = () => walkOut();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [walkOut]);

  return { stay, walkIn, walkOut };
}

/** Guests come in near the middle of the lower edge, not all on one spot. */
function doorstep() {
  return { x: 400 + Math.random() * 200, y: 800 + Math.random() * 100 };
}
