import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { type Node, type NodeLeave, NodeLeaveSchema, NodeSchema, NodeService } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { spanMillis } from "../src/i18n/format.ts";
import type { House } from "./house.ts";

/** The made-up machines that servers are on; the provider takes one back. */
export class Nodes {
  readonly #house: House;
  readonly #leaves = new Map<string, NodeLeave>();

  constructor(house: House, size: string, nowMs = Date.now()) {
    this.#house = house;
    if (size !== "few") return;
    this.#leaves.set("rack-3", create(NodeLeaveSchema, { noticedAt: timestampFromMs(nowMs - 20_000), deadlineAt: timestampFromMs(nowMs + 100_000), reason: "spot", byProvider: true }));
    for (const server of this.#on("rack-3").filter(({ state }) => state === ServerState.OPEN).slice(0, 1)) this.#house.drain(server.name, "node rack-3 leaves: spot", 100_000);
  }

  #on(node: string) {
    return [...this.#house.servers.items.values()].filter((server) => server.node === node && server.state !== ServerState.STOPPED);
  }

  node(name: string, leave = this.#leaves.get(name)): Node {
    const servers = this.#on(name);
    const sum = (of: "sessions" | "seatsClaimed") => servers.reduce((total, server) => total + server[of], 0);
    return create(NodeSchema, { name, fleets: [...new Set(servers.map(({ fleet }) => fleet))].sort(), servers: servers.length, sessions: sum("sessions"), players: sum("seatsClaimed"), leave });
  }

  list(): Node[] {
    const names = new Set([...[...this.#house.servers.items.values()].map(({ node }) => node), ...this.#leaves.keys()]);
    names.delete("");
    return [...names].sort().map((name) => this.node(name));
  }

  #known(name: string) {
    if (!this.list().some((node) => node.name === name)) throw new ConnectError(`there is no node ${name}`, Code.NotFound);
  }

  serve(router: ConnectRouter, open: () => void = () => {}) {
    router.service(NodeService, {
      listNodes: () => {
        open();
        return { nodes: this.list() };
      },
      drainNode: ({ name, deadline, reason, dryRun }) => {
        this.#known(name);
        const nowMs = Date.now();
        const deadlineMs = deadline === undefined ? undefined : spanMillis(deadline);
        const leave = create(NodeLeaveSchema, { noticedAt: timestampFromMs(nowMs), deadlineAt: deadlineMs === undefined ? undefined : timestampFromMs(nowMs + deadlineMs), reason: reason || "asked for" });
        if (!dryRun) {
          this.#leaves.set(name, leave);
          for (const server of this.#on(name)) if (server.state === ServerState.OPEN) this.#house.drain(server.name, `node ${name} leaves: ${leave.reason}`, deadlineMs);
        }
        return { node: this.node(name, leave) };
      },
      undrainNode: ({ name }) => {
        const leave = this.#leaves.get(name);
        if (leave === undefined) throw new ConnectError(`node ${name} is not left`, Code.NotFound);
        if (leave.byProvider) throw new ConnectError(`the notice for node ${name} is its provider's, which takes it back itself`, Code.FailedPrecondition);
        this.#leaves.delete(name);
        for (const server of this.#on(name)) if (server.state === ServerState.DRAINING && server.drain?.reason.startsWith(`node ${name} `)) this.#house.undrain(server.name);
        return { node: this.node(name) };
      },
    });
  }
}
