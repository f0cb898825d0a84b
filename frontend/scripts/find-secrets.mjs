import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * No setting of the server may be in what browsers load: neither a name, nor a value where one is
 * set, nor code that belongs to the server.
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
  return [...NAMES, ...values].filter((word) => text.includes(word)).map(() => path);
});
for (const path of new Set(found)) console.error(`${path} holds what only the server may know`);
if (files.length === 0) console.error(`${folder} is empty: build first`);
console.log(`secrets: ${files.length} files of the build searched, ${found.length} finds`);
process.exit(found.length === 0 && files.length > 0 ? 0 : 1);
