import { fileURLToPath } from "node:url";
import { type Connect, type Plugin, runnerImport } from "vite";

/** Answers the API from a made-up house, in `vite --mode mock` and in its preview. MOCK_SIZE: empty, one, few (default), many, broken. */
export function mockGreenroom(): Plugin {
  const mount = async (middlewares: Connect.Server) => {
    const path = fileURLToPath(new URL("./server.ts", import.meta.url));
    const { module } = await runnerImport<typeof import("./server.ts")>(path);
    const handler = module.mockHandler(process.env.MOCK_SIZE ?? "few");
    middlewares.use((request, response, next) => {
      if (request.url?.startsWith("/greenroom.v1.")) handler(request, response);
      else next();
    });
  };
  return {
    name: "mock-greenroom",
    configureServer: (server) => mount(server.middlewares),
    configurePreviewServer: (server) => mount(server.middlewares),
  };
}
