import { defineConfig } from "@playwright/test";

/** Debian's own Chromium: nothing is downloaded. DASHBOARD_URL says where the running demo is. */
export default defineConfig({
  testDir: "e2e",
  workers: 1,
  timeout: 60_000,
  globalTimeout: 10 * 60_000,
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    baseURL: process.env["DASHBOARD_URL"] ?? "http://127.0.0.1:3000",
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
