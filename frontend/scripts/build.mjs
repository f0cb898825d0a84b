import { spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";

/** The production build, complete in .next/standalone: static files and `public` are copied into it. */
const built = spawnSync("npx", ["--no-install", "next", "build"], {
  stdio: "inherit",
  env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
});
if (built.status !== 0) process.exit(built.status ?? 1);
cpSync(".next/static", ".next/standalone/.next/static", { recursive: true });
if (existsSync("public")) cpSync("public", ".next/standalone/public", { recursive: true });
