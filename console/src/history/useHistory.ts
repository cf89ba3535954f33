import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useHouse } from "../app/context.tsx";
import { spanMillis } from "../i18n/format.ts";
import { useNow } from "../parts/Time.tsx";
import { type Preset, presets, type Range } from "../plot/range.ts";
import type { Subject } from "./charts.ts";

/** As many points as a wide window has pixels for; a shorter stretch has finer ones. */
const POINTS_MAX = 600;
/** What ends now is asked for again this often at most. */
const REFRESH_MS_MIN = 5_000;

/** The stretch that is looked at: by name, so that it ends now and goes on, or by hand. */
export function useRange(preset: Preset, chosen: Range | undefined): Range {
  const span = presets[preset];
  const every = Math.max(REFRESH_MS_MIN, span / POINTS_MAX);
  const to = Math.floor(useNow() / every) * every;
  return useMemo(() => chosen ?? { fromMs: to - span, toMs: to }, [chosen?.fromMs, chosen?.toMs, to, span]);
}

/** The history of a stretch. What was shown before stays until the new one is there, so that nothing blinks. */
export function useHistory(subject: Subject, { fromMs, toMs }: Range) {
  const { api } = useHouse();
  const query = useQuery({
    queryKey: ["history", subject.fleet ?? "", subject.route ?? "", fromMs, toMs],
    queryFn: ({ signal }) => api.history.getHistory({ ...subject, since: timestampFromMs(fromMs), until: timestampFromMs(toMs), maxPoints: POINTS_MAX }, { signal }),
    placeholderData: (old, of) => (of?.queryKey[1] === (subject.fleet ?? "") && of.queryKey[2] === (subject.route ?? "") ? keepPreviousData(old) : undefined),
    gcTime: 60_000,
    retry: false,
  });
  // A stretch that ends now is another question every few seconds: what went wrong with the last one stands until one is answered.
  const [problem, setProblem] = useState<unknown>();
  const answered = query.isSuccess && !query.isPlaceholderData;
  useEffect(() => {
    if (query.isError) setProblem(query.error);
    else if (answered) setProblem(undefined);
  }, [query.isError, query.error, answered]);
  return { points: query.data?.points ?? [], stepMs: spanMillis(query.data?.step), answered, asking: query.isFetching, problem, again: () => void query.refetch() };
}
