import { readFileSync, writeFileSync } from "node:fs";

/**
 * Checks that the lock file records no download address and every platform's optional binaries. npm
 * omits those that a registry lacks, and `npm ci` of npm 11 then fails; `--fix` adds them.
 */
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const packages = lock.packages;
const addresses = Object.entries(packages).filter(([, entry]) => entry.resolved);
const missing = Object.entries(packages).flatMap(([path, entry]) =>
  Object.entries(entry.optionalDependencies ?? {}).filter(
    ([name]) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
  ),
);
for (const [path] of addresses) console.error(`${path || "(root)"} records a download address`);
if (!process.argv.includes("--fix")) {
  for (const [name, range] of missing) console.error(`${name} ${range} is not in the lock`);
  process.exit(addresses.length + missing.length === 0 ? 0 : 1);
}
const systems = ["darwin", "linux", "win32", "freebsd", "android", "openbsd", "netbsd"];
const processors = ["x64", "arm64", "arm", "ia32", "riscv64", "ppc64", "s390x", "wasm32"];
for (const [name, range] of missing) {
  const parts = name.split(/[-/]/);
  const os = systems.filter((system) => parts.includes(system));
  const cpu = processors.filter((processor) => parts.includes(processor));
  packages[`node_modules/${name}`] = {
    version: range.replace(/^[\^~]/, ""),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
    ...(cpu.length > 0 ? { cpu } : {}),
  };
}
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
