// Joining through Greenroom's API, with nothing but fetch: Connect's JSON form of greenroom.v1.JoinService.
import type { Place } from "./journey.js";
import { latencies } from "./measure.js";

export interface JoinConfig {
  // Greenroom's address, such as http://127.0.0.1:7350; "" in a page that Greenroom serves.
  baseUrl: string;
  // An API token. A back end's secret: a browser gets its place from its back end instead.
  token?: string;
  route: string;
  // The players who give the same key meet; without one, a seat in any session.
  key?: string;
  player: string;
  // How far regions are, in milliseconds, as measure answers it: a new session goes to the nearest with room.
  latencies?: ReadonlyMap<string, number>;
  fetch?: typeof globalThis.fetch;
  signal?: AbortSignal;
}

export interface JoinAnswer {
  route: string;
  key: string;
  fleet: string;
  server: string;
  endpoints?: { name: string; url: string }[];
  tickets?: { player: string; ticket: string; connectToken?: string; expiresAt: string }[];
  created?: boolean;
  region?: string;
}

// JoinError is a join that did not work. permanent: trying again will not help.
export class JoinError extends Error {
  override name = "JoinError";
  readonly code: string;
  readonly permanent: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.permanent = permanentCodes.has(code);
    this.retryAfterMs = retryAfterMs;
  }
}

const permanentCodes = new Set(["invalid_argument", "not_found", "permission_denied", "unauthenticated", "unimplemented"]);

// join asks for a seat and answers where it is. The key of the answer names the session that was found or made.
export async function join(config: JoinConfig): Promise<Place & { route: string; key: string; server: string; region: string }> {
  const call = config.fetch ?? globalThis.fetch;
  const headers: Record<string, string> = { "Content-Type": "application/json", "Connect-Protocol-Version": "1" };
  if (config.token) headers.Authorization = `Bearer ${config.token}`;
  const far = config.latencies ? { latencies: latencies(config.latencies) } : {};
  const body = JSON.stringify({ route: config.route, key: config.key ?? "", players: [config.player], ...far });
  const init: RequestInit = { method: "POST", headers, body };
  if (config.signal) init.signal = config.signal;
  const url = `${config.baseUrl.replace(/\/$/, "")}/greenroom.v1.JoinService/Join`;
  const response = await call(url, init).catch((error: unknown) => {
    throw new JoinError("unavailable", `Greenroom does not answer at ${config.baseUrl}: ${String(error)}`);
  });
  if (!response.ok) throw await errorOf(response);
  const answer = (await response.json()) as JoinAnswer;
  return { ...placeOf(answer, config.player), route: answer.route, key: answer.key, server: answer.server, region: answer.region ?? "" };
}

// placeOf picks one player's place out of a join's answer, for the back end that joined on the player's behalf.
export function placeOf(answer: JoinAnswer, player: string): Place {
  // A page that came by https may speak TLS only.
  const names = globalThis.location?.protocol === "https:" ? ["wss", "ws"] : ["ws", "wss"];
  const url = names.flatMap((name) => answer.endpoints?.filter((endpoint) => endpoint.name === name) ?? [])[0]?.url;
  const ticket = answer.tickets?.find((one) => one.player === player)?.ticket;
  if (!url) throw new JoinError("unimplemented", `server ${answer.server} has no WebSocket endpoint`);
  if (!ticket) throw new JoinError("internal", `the join's answer has no ticket for ${player}`);
  return { url, ticket, player };
}

interface ErrorBody {
  code?: string;
  message?: string;
  details?: { type?: string; debug?: { retryDelay?: string } }[];
}

async function errorOf(response: Response): Promise<JoinError> {
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  const delay = body.details?.find((detail) => detail.type === "google.rpc.RetryInfo")?.debug?.retryDelay;
  const seconds = delay === undefined ? Number.NaN : Number.parseFloat(delay);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  return new JoinError(body.code ?? "unavailable", body.message ?? `Greenroom answered ${response.status}`, retryAfterMs);
}
