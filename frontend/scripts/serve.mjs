import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

/**
 * `npm start` (the production build) and `npm run dev`, with the settings of `.env.local`: the build
 * reads no such file by itself. Without a password one is made up, for this machine only.
 */

const require = createRequire(import.meta.url);
const { loadEnvConfig } = createRequire(require.resolve("next/package.json"))("@next/env");

const isDevelopment = process.argv[2] === "dev";
const BUILD = new URL("../.next/standalone/server.js", import.meta.url);
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

// The shell's HOSTNAME is this machine's name; only an address means where to listen.
const isAddress = (name) => LOOPBACK.includes(name) || /^[0-9.]+$|:/.test(name);
if (!isAddress(process.env.HOSTNAME ?? "")) delete process.env.HOSTNAME;
loadEnvConfig(process.cwd(), isDevelopment, { info: () => {}, error: console.error });
process.env.HOSTNAME ||= "127.0.0.1";
process.env.PORT ||= "3000";
process.env.NEXT_TELEMETRY_DISABLED = "1";

const refused = (sentence) => {
  console.error(`error: ${sentence}`);
  process.exit(2);
};

if (!process.env.DASHBOARD_PASSWORD) {
  if (!LOOPBACK.includes(process.env.HOSTNAME))
    refused(`DASHBOARD_PASSWORD is missing: needed where HOSTNAME is ${process.env.HOSTNAME}`);
  process.env.DASHBOARD_PASSWORD = randomBytes(9).toString("base64url");
  console.log(
    `No DASHBOARD_PASSWORD is set. Until this server ends it is ${process.env.DASHBOARD_PASSWORD}`,
  );
}

if (isDevelopment) {
  const where = ["--hostname", process.env.HOSTNAME, "--port", process.env.PORT];
  const next = spawn("npx", ["--no-install", "next", "dev", ...where], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => next.kill(signal));
  next.on("exit", (code) => process.exit(code ?? 0));
} else {
  if (!existsSync(BUILD)) refused("there is no build: `npm run build` makes it");
  await import(BUILD.href);
}
