/** The pages, each of which answers one question. */
export const pages = [
  ["/", "app.overview"],
  ["/routes", "app.routes"],
  ["/rollouts", "app.rollouts"],
  ["/nodes", "app.nodes"],
  ["/events", "app.events"],
  ["/history", "app.history"],
  ["/costs", "app.costs"],
  ["/decisions", "app.decisions"],
  ["/simulate", "app.simulate"],
] as const;

/** Those that have no tab of their own. */
const others = [["/fleets", "fleet.title"], ["/rooms", "route.rooms"]] as const;

/** What a window that shows `path` is called: the thing, its page, Greenroom. */
export function titleOf(path: string, t: (name: (typeof pages)[number][1] | (typeof others)[number][1] | "app.name") => string): string {
  const page = [...pages.slice(1), ...others].find(([to]) => path === to || path.startsWith(`${to}/`));
  const thing = page === undefined ? "" : path.slice(page[0].length + 1).split("/").map(readable).join("/");
  return [thing, t(page?.[1] ?? "app.overview"), t("app.name")].filter((part) => part !== "").join(" · ");
}

/** A part of an address as it is read; one that is not encoded as it should be stays as it is. */
function readable(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
