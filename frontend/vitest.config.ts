import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      "@": import.meta.dirname,
      "server-only": `${import.meta.dirname}/tests/server-only.ts`,
    },
  },
  test: {
    // A test that renders asks for happy-dom in its first line: the others start without it.
    environmentOptions: { happyDOM: { url: "http://localhost:3000/" } },
    include: ["{app,components,lib,scripts,tests}/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    unstubEnvs: true,
  },
});
