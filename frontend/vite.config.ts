import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { precompressed } from "./scripts/precompressed";

const api = process.env["API_URL"] ?? "http://127.0.0.1:8080";

type Graph = { getModuleInfo(id: string): { importedIds: string[] } | null };

// Small things that nearly every list and detail uses: each alone would be a request.
const PARTS =
  /src[\\/](components[\\/](CopyButton|FilterBox|ImageName|RelativeTime)|hooks[\\/](usePageTitle|usePermissions|useSlash)|lib[\\/](dockerCommands|serviceActs))\./;

/** What is loaded with the page, whichever view is opened; every icon is, for each alone would be a request. */
function loadedFirst(graph: Graph): Set<string> {
  const found = new Set<string>();
  const next = [fileURLToPath(new URL("./src/app/main.tsx", import.meta.url))];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    next.push(...(graph.getModuleInfo(id)?.importedIds ?? []));
  }
  return found;
}
let first: Set<string> | undefined;

export default defineConfig({
  plugins: [react(), tailwindcss(), precompressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../backend/_web",
    emptyOutDir: true,
    // light-dark() must reach the browser as written.
    target: ["chrome123", "edge123", "firefox121", "safari17.5"],
    // The content security policy allows fonts from 'self' only, so nothing may become a data: URL.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // What a page loads first is counted from it (tests/test_page_size.py).
    manifest: true,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: (id, graph) => {
                first ??= loadedFirst(graph);
                return first.has(id) ? "shell" : null;
              },
            },
            {
              name: "parts",
              test: PARTS,
            },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: { "/api": { target: api, changeOrigin: false } },
  },
  test: {
    environment: "happy-dom",
    environmentOptions: { happyDOM: { url: "http://localhost/" } },
    setupFiles: ["./src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    testTimeout: 60_000,
    // Left to itself it keeps one core free, which of two is half.
    maxWorkers: "100%",
    restoreMocks: true,
    unstubGlobals: true,
  },
});
