import { expect, test } from "vitest";
import { titleOf } from "./title.ts";

test("a window is called after what it shows", () => {
  const title = (path: string) => titleOf(path, (name) => name);
  expect(title("/")).toBe("app.overview · app.name");
  expect(title("/rollouts")).toBe("app.rollouts · app.name");
  expect(title("/rollouts/plaza-2")).toBe("plaza-2 · app.rollouts · app.name");
  expect(title("/fleets/rooms")).toBe("rooms · fleet.title · app.name");
  expect(title("/rooms/plaza/a%20b")).toBe("plaza/a b · route.rooms · app.name");
  expect(title("/fleets/100%")).toBe("100% · fleet.title · app.name");
  expect(title("/rolloutsX")).toBe("app.overview · app.name");
});
