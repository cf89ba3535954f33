// A whole Greenroom for tests: the program itself, on free ports and a data folder of its own.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export class Greenroom {
  readonly url: string;
  readonly token: string;
  readonly #dir: string;
  readonly #process: ChildProcess;

  private constructor(url: string, dir: string, process: ChildProcess) {
    this.url = url;
    this.token = readFileSync(path(dir, "data", "admin.token"), "utf8").trim();
    this.#dir = dir;
    this.#process = process;
  }

  // Starts the program named by GREENROOM_TEST_BINARY, or one built here.
  static async start(): Promise<Greenroom> {
    const dir = mkdtempSync(path(tmpdir(), "greenroom-js-"));
    let binary = process.env.GREENROOM_TEST_BINARY;
    if (!binary) {
      binary = path(dir, "greenroom");
      await run("go", ["build", "-o", binary, "./cmd/greenroom"], { cwd: "../.." });
    }
    const args = ["up", "--demo", "--bots", "0", "--listen", "127.0.0.1:0", "--server-ports", "20000-32000"];
    const data = path(dir, "data");
    const child = spawn(binary, args, { env: { ...process.env, GREENROOM_DATA_DIR: data }, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => void (said += text.toString()));
    const url = await new Promise<string>((resolve, reject) => {
      child.once("exit", () => reject(new Error(`greenroom up ended:\n${said}`)));
      child.stdout.on("data", () => {
        const api = /api +(http:\S+)/.exec(said)?.[1];
        if (api && said.includes("open after")) resolve(api);
      });
    });
    return new Greenroom(url, dir, child);
  }

  async call(method: string, request: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}/greenroom.v1.${method}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.token}` },
      body: JSON.stringify(request),
    });
    if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGINT");
    await ended;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
