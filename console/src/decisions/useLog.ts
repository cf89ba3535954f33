import type { Decision } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useHouse } from "../app/context.tsx";
import { emptyLog, type Log, olderThan, PAGE, take } from "./log.ts";

/** There is no stream of decisions: while one looks, the newest are asked for again this often. */
const ASK_AGAIN_MS = 2_000;

/** The log of a fleet, or of all (""), with the newest coming by themselves and older ones when they are asked for. */
export function useLog(fleet: string) {
  const { api } = useHouse();
  const [log, setLog] = useState<Log>(emptyLog);
  const [older, setOlder] = useState<{ busy: boolean; problem: unknown }>({ busy: false, problem: undefined });
  const newest = useQuery({
    queryKey: ["decisions", fleet],
    queryFn: ({ signal }) => api.fleets.listDecisions({ fleet, limit: PAGE }, { signal }),
    refetchInterval: ASK_AGAIN_MS,
  });
  useEffect(() => {
    if (newest.data !== undefined) setLog((log) => merge(log, newest.data.decisions));
  }, [newest.data]);
  const loadOlder = async () => {
    setOlder({ busy: true, problem: undefined });
    try {
      const { decisions } = await api.fleets.listDecisions({ fleet, until: olderThan(log), limit: PAGE });
      setLog((log) => take(log, decisions, true));
      setOlder({ busy: false, problem: undefined });
    } catch (problem) {
      setOlder({ busy: false, problem });
    }
  };
  return { log, loading: newest.isPending, problem: newest.error ?? older.problem, busy: older.busy, loadOlder, again: () => void newest.refetch() };
}

/** The newest page; the first one may be all there is. So many new ones that pages do not meet begin the log anew: it has no holes. */
function merge(log: Log, page: readonly Decision[]): Log {
  if (log.decisions.length === 0) return take(log, page, true);
  const known = log.decisions[0]!.id;
  const meets = page.length < PAGE || page.some(({ id }) => id <= known);
  return take(meets ? log : emptyLog, page, false);
}
