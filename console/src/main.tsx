import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createApi } from "./api/api.ts";
import { sentenceOf } from "./api/errors.ts";
import { App } from "./app/App.tsx";
import { millis } from "./i18n/format.ts";
import { History } from "./overview/recorder.ts";
import { GateMemory } from "./rollouts/record.ts";
import { Session, takeCode } from "./session/session.ts";
import "./styles/tokens.css";
import "./styles/base.css";

const session = new Session(localStorage, Date.now());
const api = createApi(session, location.origin);

async function redeem(code: string) {
  const { token, expiresAt, scope } = await api.system.login({ code });
  return { token, scope, expiresAtMs: millis(expiresAt) ?? Infinity };
}

function enterByLink() {
  const code = takeCode(location, history);
  if (code !== "") void session.enter(code, redeem, sentenceOf);
}

enterByLink();
window.addEventListener("hashchange", enterByLink);
window.addEventListener("storage", (event) => {
  if (event.storageArea === localStorage) session.reread(Date.now());
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App house={{ api, session, history: new History(api), gates: new GateMemory() }} />
  </StrictMode>,
);
