import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { mockGreenroom } from "./mock/plugin.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// `vite` proxies the API of a running Greenroom; `--mode mock` answers it from console/mock instead.
export default defineConfig(({ mode }) => {
  const mock = mode === "mock";
  return {
    plugins: [react(), mock && mockGreenroom()],
    resolve: {
      alias: [
        { find: /^.*\/buf\/validate\/validate_pb\.js$/, replacement: here("./src/api/norules.ts") },
        ...(mock ? [{ find: /^@greenroom\/client$/, replacement: here("./mock/client.ts") }] : []),
      ],
    },
    build: { target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"], assetsInlineLimit: 0, modulePreload: { polyfill: false }, emptyOutDir: true },
    server: {
      host: "127.0.0.1",
      proxy: mock ? undefined : { "^/greenroom\\.v1\\.": process.env.BASE_URL ?? "http://127.0.0.1:7350" },
    },
    preview: { host: "127.0.0.1" },
    test: { include: ["src/**/*.test.ts"], environment: "node" },
  };
});
