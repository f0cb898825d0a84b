import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Fails if anything that browsers load contains a setting of the server: its name or its value.
 */
const NAMES = ["API_SECRET_KEY", "DASHBOARD_PASSWORD", "KALSHI_PRIVATE_KEY", "X-API-Key"];
const values = NAMES.map((name) => process.env[name]).filter((value) => (value ?? "").length > 5);
const folder = ".next/static";
const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) =>
  file.isFile(),
);
const found = files.flatMap((file) => {
  const path = join(file.parentPath, file.name);
  const text = readFileSync(path, "latin1");
  return [...NAMES, ...values].filter((secret) => text.includes(secret)).map(() => path);
});
for (const path of new Set(found)) console.error(`${path} contains a secret of the server`);
if (files.length === 0) console.error(`${folder} is empty: run the build first`);
console.log(`secrets: ${files.length} files of the build searched, ${found.length} found`);
process.exit(found.length === 0 && files.length > 0 ? 0 : 1);
