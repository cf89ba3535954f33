import { Scope } from "@greenroom/client/gen/greenroom/v1/system_pb.ts";

/** Where the login is. */
export type Login =
  | { readonly is: "out"; readonly ended: boolean }
  | { readonly is: "entering" }
  | { readonly is: "refused"; readonly problem: string }
  | { readonly is: "in"; readonly token: string; readonly expiresAtMs: number; readonly scope: Scope };

/** What a login code is traded for. */
export interface Grant {
  token: string;
  /** Milliseconds since 1970; Infinity for a token that does not expire. */
  expiresAtMs: number;
  scope: Scope;
}

/** The part of the browser's storage that a session needs. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const SHELF_KEY = "greenroom.session";

/**
 * The console's login. The token lies in localStorage, not sessionStorage: a login link works once, and rooms are opened
 * in tabs of their own, which would each need another link. What limits the harm is that the token expires, that signing
 * out forgets it in every tab, and that the page's content policy runs no script but the console's own.
 */
export class Session {
  #login: Login;
  #listeners = new Set<() => void>();
  #shelf: Shelf;

  constructor(shelf: Shelf, nowMs: number) {
    this.#shelf = shelf;
    this.#login = read(shelf, nowMs) ?? { is: "out", ended: false };
  }

  readonly snapshot = (): Login => this.#login;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  token(): string {
    return this.#login.is === "in" ? this.#login.token : "";
  }

  /** Trades a one-time code for a token; a code that is refused leaves a login that was there before as it was. */
  async enter(code: string, redeem: (code: string) => Promise<Grant>, sentence: (cause: unknown) => string): Promise<boolean> {
    const before = this.#login;
    this.#set({ is: "entering" });
    try {
      const grant = await redeem(code);
      this.#shelf.setItem(SHELF_KEY, JSON.stringify({ ...grant, expiresAtMs: Number.isFinite(grant.expiresAtMs) ? grant.expiresAtMs : 0 }));
      this.#set({ is: "in", ...grant });
      return true;
    } catch (cause) {
      this.#set(before.is === "in" ? before : { is: "refused", problem: sentence(cause) });
      return false;
    }
  }

  /** Forgets the token; `ended` when Greenroom did not take it any more, rather than the person signing out. */
  leave(ended: boolean) {
    this.#shelf.removeItem(SHELF_KEY);
    this.#set({ is: "out", ended });
  }

  /** Another tab signed in or out. */
  reread(nowMs: number) {
    this.#set(read(this.#shelf, nowMs) ?? { is: "out", ended: false });
  }

  #set(login: Login) {
    this.#login = login;
    for (const listener of [...this.#listeners]) listener();
  }
}

function read(shelf: Shelf, nowMs: number): Login | undefined {
  try {
    const kept: unknown = JSON.parse(shelf.getItem(SHELF_KEY) ?? "null");
    if (typeof kept !== "object" || kept === null) return undefined;
    const { token, expiresAtMs, scope } = kept as Partial<Grant>;
    if (typeof token !== "string" || token === "" || typeof expiresAtMs !== "number" || typeof scope !== "number") return undefined;
    if (expiresAtMs !== 0 && expiresAtMs <= nowMs) return undefined;
    return { is: "in", token, scope, expiresAtMs: expiresAtMs === 0 ? Infinity : expiresAtMs };
  } catch {
    return undefined;
  }
}

/** Takes a login link's code out of the address, so that it stays in neither the bar nor the history; "" when there is none. */
export function takeCode(location: Pick<Location, "pathname" | "search" | "hash">, history: Pick<History, "replaceState">): string {
  const code = new URLSearchParams(location.hash.replace(/^#/, "")).get("code") ?? "";
  if (code !== "") history.replaceState(null, "", location.pathname + location.search);
  return code;
}
