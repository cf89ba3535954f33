import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate, RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { LanguageProvider } from "../i18n/language.tsx";
import type { CostsShown } from "../costs/CostsPage.tsx";
import type { DecisionsShown } from "../decisions/DecisionsPage.tsx";
import type { EventsShown } from "../events/EventsPage.tsx";
import type { FleetShown } from "../fleets/FleetPage.tsx";
import type { HistoryShown } from "../history/HistoryPage.tsx";
import { Overview } from "../overview/Overview.tsx";
import { presetNames } from "../plot/range.ts";
import type { RolloutsShown } from "../rollouts/RolloutsPage.tsx";
import { Broken } from "./Broken.tsx";
import { type House, HouseContext } from "./context.tsx";
import { NotFound } from "./NotFound.tsx";
import { Shell } from "./Shell.tsx";

/** What the overview's panel shows; in the address, so that Back closes it and a link opens it. */
export interface Shown {
  server?: string;
  fleet?: string;
  route?: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const number = (value: unknown): number | undefined => (typeof value === "number" && Number.isFinite(value) ? value : undefined);
const oneOf = <T extends string>(value: unknown, of: readonly T[]): T | undefined => of.find((one) => one === value);

const root = createRootRoute({ component: Shell, errorComponent: Broken, notFoundComponent: NotFound });

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: Overview,
  validateSearch: (search: Record<string, unknown>): Shown => {
    const shown: Shown = {};
    for (const name of ["server", "fleet", "route"] as const) {
      const value = text(search[name]);
      if (value !== undefined) return { [name]: value };
    }
    return shown;
  },
});

// Only reached with a login: the shell shows the login page to everybody else.
const login = createRoute({ getParentRoute: () => root, path: "/login", component: () => <Navigate to="/" replace /> });

const room = createRoute({
  getParentRoute: () => root,
  path: "/rooms/$route/$key",
  component: lazyRouteComponent(() => import("../rooms/RoomPage.tsx"), "RoomPage"),
});

const events = createRoute({
  getParentRoute: () => root,
  path: "/events",
  component: lazyRouteComponent(() => import("../events/EventsPage.tsx"), "EventsPage"),
  validateSearch: (search: Record<string, unknown>): EventsShown => ({
    view: oneOf(search.view, ["month", "week", "list"]),
    at: text(search.at),
    event: text(search.event),
    edit: search.edit === true ? true : undefined,
    new: number(search.new),
  }),
});

const history = createRoute({
  getParentRoute: () => root,
  path: "/history",
  component: lazyRouteComponent(() => import("../history/HistoryPage.tsx"), "HistoryPage"),
  validateSearch: (search: Record<string, unknown>): HistoryShown => ({
    fleet: text(search.fleet),
    route: search.fleet === undefined ? text(search.route) : undefined,
    span: oneOf(search.span, presetNames),
    from: number(search.from),
    to: number(search.to),
  }),
});

const costs = createRoute({
  getParentRoute: () => root,
  path: "/costs",
  component: lazyRouteComponent(() => import("../costs/CostsPage.tsx"), "CostsPage"),
  validateSearch: (search: Record<string, unknown>): CostsShown => ({ span: oneOf(search.span, ["24h", "7d", "30d"]), by: oneOf(search.by, ["fleet", "architecture", "instance", "market"]) }),
});

const decisions = createRoute({
  getParentRoute: () => root,
  path: "/decisions",
  component: lazyRouteComponent(() => import("../decisions/DecisionsPage.tsx"), "DecisionsPage"),
  validateSearch: (search: Record<string, unknown>): DecisionsShown => ({ fleet: text(search.fleet), verb: text(search.verb) }),
});

const simulate = createRoute({ getParentRoute: () => root, path: "/simulate", component: lazyRouteComponent(() => import("../simulate/SimulatePage.tsx"), "SimulatePage") });

const routes = createRoute({ getParentRoute: () => root, path: "/routes", component: lazyRouteComponent(() => import("../routes/RoutesPage.tsx"), "RoutesPage") });

const rollouts = createRoute({
  getParentRoute: () => root,
  path: "/rollouts",
  component: lazyRouteComponent(() => import("../rollouts/RolloutsPage.tsx"), "RolloutsPage"),
  validateSearch: (search: Record<string, unknown>): RolloutsShown => ({ new: search.new === true ? true : undefined, route: text(search.route) }),
});

const rollout = createRoute({ getParentRoute: () => root, path: "/rollouts/$name", component: lazyRouteComponent(() => import("../rollouts/RolloutPage.tsx"), "RolloutPage") });

const fleet = createRoute({
  getParentRoute: () => root,
  path: "/fleets/$name",
  component: lazyRouteComponent(() => import("../fleets/FleetPage.tsx"), "FleetPage"),
  validateSearch: (search: Record<string, unknown>): FleetShown => ({ server: text(search.server) }),
});

// Fleets are on the overview; whoever shortens a fleet's address means them.
const fleets = createRoute({ getParentRoute: () => root, path: "/fleets", component: () => <Navigate to="/" replace /> });

const nodes = createRoute({ getParentRoute: () => root, path: "/nodes", component: lazyRouteComponent(() => import("../nodes/NodesPage.tsx"), "NodesPage") });

function newRouter() {
  return createRouter({ routeTree: root.addChildren([overview, login, room, routes, rollouts, rollout, fleet, fleets, nodes, events, history, costs, decisions, simulate]), defaultErrorComponent: Broken, defaultPreload: "intent" });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}

/** The console. */
export function App({ house }: { house: House }) {
  const [router] = useState(newRouter);
  const [queries] = useState(() => new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 1_000 } } }));
  return (
    <HouseContext value={house}>
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </LanguageProvider>
    </HouseContext>
  );
}
