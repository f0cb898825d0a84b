import { defineConfig } from "@playwright/test";

/** Uses Debian's Chromium: nothing is downloaded. */
export default defineConfig({
  testDir: "e2e",
  workers: 1,
  timeout: 60_000,
  globalTimeout: 20 * 60_000,
  forbidOnly: true,
  projects: [
    { name: "e2e", testMatch: "dashboard.spec.ts" },
    { name: "budget", testMatch: "budget.spec.ts", use: { trace: "off" } },
    { name: "screenshots", testMatch: "screenshots.spec.ts", use: { trace: "off" } },
  ],
  reporter: [["list"]],
  use: {
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
      ],
    },
  },
});
