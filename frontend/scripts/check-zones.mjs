import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Every import zone of biome.zones.json is enforced: each import below breaks one, and the lint says
 * so; each import of ALLOWED breaks none.
 */
const FORBIDDEN = [
  ["components/ui/tag.tsx", "@/lib/live/store"],
  ["components/ui/tag.tsx", "@/components/live/panel"],
  ["components/ui/tag.tsx", "../panels/risk"],
  ["components/charts/equity-chart.tsx", "@/lib/live/store"],
  ["components/charts/equity-chart.tsx", "@/components/panels/equity"],
  ["components/live/panel.tsx", "@/components/panels/risk"],
  ["components/live/panel.tsx", "@/lib/server/config"],
  ["components/dialog/frame.tsx", "@/components/panels/risk"],
  ["components/dialog/frame.tsx", "@/lib/server/session"],
  ["components/panels/risk.tsx", "@/components/panels/trades"],
  ["components/panels/risk.tsx", "./trades"],
  ["components/panels/risk.tsx", "../panels/trades"],
  ["components/panels/risk.tsx", "@/components/dashboard"],
  ["components/panels/risk.tsx", "@/lib/server/config"],
  ["components/dashboard.tsx", "@/lib/server/backend"],
  ["components/dashboard.tsx", "../lib/server/backend"],
  ["components/dashboard.tsx", "@/app/login/form"],
  ["components/dashboard.tsx", "@/tests/answers"],
  ["lib/api.ts", "@/components/dashboard"],
  ["lib/api.ts", "../app/login/form"],
  ["lib/api.ts", "./server/config"],
  ["lib/live/store.ts", "../server/config"],
  ["lib/live/store.ts", "@/lib/server/config"],
  ["lib/live/store.ts", "../../components/dashboard"],
  ["lib/live/reducer.ts", "react"],
  ["lib/live/reducer.ts", "./store"],
  ["lib/format.ts", "./time"],
  ["lib/server/session.ts", "@/lib/live/store"],
  ["lib/server/session.ts", "../api"],
  ["lib/server/session.ts", "react"],
  ["app/login/form.tsx", "@/lib/server/session"],
  ["app/login/form.tsx", "../../lib/server/session"],
  ["app/session/route.ts", "@/components/dashboard"],
  ["app/session/route.ts", "@/lib/live/store"],
  ["proxy.ts", "@/lib/live/store"],
  ["e2e/page-actions.ts", "@/lib/format"],
  ["e2e/page-actions.ts", "../components/dashboard"],
];
const ALLOWED = [
  ["components/ui/tag.tsx", "@/lib/format"],
  ["components/charts/equity-chart.tsx", "@/lib/time"],
  ["components/live/panel.tsx", "@/components/ui/button"],
  ["components/dialog/frame.tsx", "@/components/live/panel"],
  ["components/panels/risk.tsx", "@/components/dialog/halt-controls"],
  ["components/dashboard.tsx", "./panels/risk"],
  ["lib/api.ts", "./live/store"],
  ["lib/live/reducer.ts", "./skew"],
  ["lib/server/session.ts", "./config"],
  ["app/page.tsx", "@/lib/server/session"],
  ["app/session/route.ts", "@/lib/server/session"],
  ["proxy.ts", "next/server"],
  ["e2e/page-actions.ts", "../lib/types"],
];

const folder = mkdtempSync(join(tmpdir(), "zones-"));
const biome = join(import.meta.dirname, "..", "node_modules", "@biomejs", "biome", "bin", "biome");
const problems = [];
try {
  for (const config of ["biome.json", "biome.zones.json"]) cpSync(config, join(folder, config));
  const lines = new Map();
  for (const [file, source] of [...FORBIDDEN, ...ALLOWED])
    lines.set(file, [...(lines.get(file) ?? []), source]);
  for (const [file, sources] of lines) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), sources.map((source) => `import "${source}";\n`).join(""));
  }
  const { stdout } = spawnSync(
    process.execPath,
    [
      biome,
      "lint",
      "--only=style/noRestrictedImports",
      "--max-diagnostics=none",
      "--reporter=json",
    ],
    { cwd: folder, encoding: "utf8" },
  );
  const broken = new Set(
    JSON.parse(stdout).diagnostics.map(({ location }) => {
      const file = location.path.replace(`${folder}/`, "");
      return `${file} imports ${lines.get(file)?.[location.start.line - 1]}`;
    }),
  );
  for (const [file, source] of FORBIDDEN)
    if (!broken.delete(`${file} imports ${source}`))
      problems.push(`nothing forbids: ${file} imports ${source}`);
  for (const allowed of broken) problems.push(`forbidden by mistake: ${allowed}`);
} finally {
  rmSync(folder, { recursive: true });
}
for (const problem of problems) console.error(problem);
console.log(
  `zones: ${FORBIDDEN.length} forbidden imports and ${ALLOWED.length} allowed ones tried`,
);
process.exit(problems.length === 0 ? 0 : 1);
