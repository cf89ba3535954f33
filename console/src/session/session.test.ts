import { Scope } from "@greenroom/client/gen/greenroom/v1/system_pb.ts";
import { expect, test } from "vitest";
import { Session, type Shelf, takeCode } from "./session.ts";

function shelf(): Shelf & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key) };
}
const grant = { token: "secret", expiresAtMs: 5_000, scope: Scope.OPERATE };
const say = (cause: unknown) => String(cause);

test("a code is traded for a token that other tabs find until it expires", async () => {
  const drawer = shelf();
  const session = new Session(drawer, 0);
  expect(await session.enter("code", async () => grant, say)).toBe(true);
  expect(session.token()).toBe("secret");
  expect(new Session(drawer, 4_999).token()).toBe("secret");
  expect(new Session(drawer, 5_000).snapshot()).toEqual({ is: "out", ended: false });
});

test("a token without an end stays", async () => {
  const drawer = shelf();
  await new Session(drawer, 0).enter("code", async () => ({ ...grant, expiresAtMs: Infinity }), say);
  expect(new Session(drawer, 9e15).snapshot()).toMatchObject({ is: "in", expiresAtMs: Infinity });
});

test("a refused code says why, and takes nobody's login away", async () => {
  const refuse = async () => Promise.reject("used already");
  const session = new Session(shelf(), 0);
  expect(await session.enter("old", refuse, say)).toBe(false);
  expect(session.snapshot()).toEqual({ is: "refused", problem: "used already" });
  await session.enter("good", async () => grant, say);
  await session.enter("old", refuse, say);
  expect(session.token()).toBe("secret");
});

test("leaving forgets the token, and says whether it had ended by itself", async () => {
  const drawer = shelf();
  const session = new Session(drawer, 0);
  await session.enter("code", async () => grant, say);
  session.leave(true);
  expect([session.token(), session.snapshot(), drawer.kept.size]).toEqual(["", { is: "out", ended: true }, 0]);
});

test("what lies on the shelf is not trusted to be a login", () => {
  for (const value of ["", "nonsense", "null", "[]", '{"token":5}', '{"token":"","expiresAtMs":0,"scope":1}']) {
    const drawer = shelf();
    drawer.setItem("greenroom.session", value);
    expect(new Session(drawer, 0).snapshot().is, value).toBe("out");
  }
});

test("the code leaves the address", () => {
  const replaced: unknown[] = [];
  const history = { replaceState: (...all: unknown[]) => void replaced.push(all[2]) };
  expect(takeCode({ pathname: "/login", search: "", hash: "#code=ab%2Bc" }, history)).toBe("ab+c");
  expect(replaced).toEqual(["/login"]);
  expect(takeCode({ pathname: "/", search: "", hash: "#content" }, history)).toBe("");
  expect(replaced).toHaveLength(1);
});
