import type { Session } from "@greenroom/client/gen/greenroom/v1/session_pb.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { sessionKey } from "../api/api.ts";
import { isNotFound, sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";

/** A room that nobody is in is looked for again this often: no stream tells of one session that is not there. */
const LOOK_AGAIN_MS = 3_000;

/** What is known of a session. */
export type Known =
  | { readonly is: "loading" }
  | { readonly is: "none" }
  | { readonly is: "broken"; readonly problem: string }
  | { readonly is: "live"; readonly session: Session };

/**
 * One session, live: it is asked for once, then followed by the watch of its server's sessions, which are few, and not of
 * its route's, which may be many. When it leaves that server it is asked for again.
 */
export function useSession(route: string, key: string): Known & { refresh: () => void } {
  const { api } = useHouse();
  const queries = useQueryClient();
  const queryKey = useMemo(() => ["session", route, key], [route, key]);
  const asked = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      try {
        return (await api.sessions.getSession({ route, key }, { signal })).session ?? null;
      } catch (cause) {
        if (isNotFound(cause)) return null;
        throw cause;
      }
    },
    refetchInterval: (query) => (query.state.data ? false : LOOK_AGAIN_MS),
  });
  const server = asked.data?.server ?? "";
  const watcher = useMemo(() => (server === "" ? undefined : api.watch.sessions({ route, server })), [api, route, server]);
  const watch = useSyncExternalStore(watcher?.subscribe ?? silent, watcher?.snapshot ?? nothing);
  const watched = watch?.items.get(sessionKey({ route, key }));
  const lost = watch !== undefined && watch.phase === "live" && watched === undefined;
  const refresh = useMemo(() => () => void queries.invalidateQueries({ queryKey }), [queries, queryKey]);
  useEffect(() => {
    if (!lost) return;
    refresh();
    const timer = setInterval(refresh, LOOK_AGAIN_MS / 3);
    return () => clearInterval(timer);
  }, [lost, refresh]);

  const session = watched ?? asked.data;
  if (session) return { is: "live", session, refresh };
  if (asked.isError) return { is: "broken", problem: sentenceOf(asked.error), refresh };
  return { is: asked.isPending ? "loading" : "none", refresh };
}

const silent = () => () => {};
const nothing = () => undefined;
