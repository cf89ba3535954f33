import { createContext, useContext, useSyncExternalStore } from "react";
import type { Api } from "../api/api.ts";
import type { History } from "../overview/recorder.ts";
import type { GateMemory } from "../rollouts/record.ts";
import { Scope } from "@greenroom/client/gen/greenroom/v1/system_pb.ts";
import type { Login, Session } from "../session/session.ts";

/** What every page stands on. */
export interface House {
  api: Api;
  session: Session;
  history: History;
  gates: GateMemory;
}

export const HouseContext = createContext<House | undefined>(undefined);

/** The API, the login, and the memories of the overview and of rollouts. */
export function useHouse(): House {
  const house = useContext(HouseContext);
  if (house === undefined) throw new Error("useHouse outside HouseContext");
  return house;
}

/** The login, live. */
export function useLogin(): Login {
  const { session } = useHouse();
  return useSyncExternalStore(session.subscribe, session.snapshot);
}

/** Tells whether this login may drain and undrain. */
export function useMayOperate(): boolean {
  const login = useLogin();
  return login.is === "in" && login.scope >= Scope.OPERATE;
}
