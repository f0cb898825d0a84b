// @vitest-environment happy-dom
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import ErrorPage from "@/app/error";
import LoginPage from "@/app/login/page";
import NotFound from "@/app/not-found";
import {
  dashboardPassword,
  sessionLasts_ms,
  trustedProxies,
  webSocketUrl,
} from "@/lib/server/config";
import { troublePage } from "@/lib/server/trouble-page";

const ROOT = join(import.meta.dirname, "..");

describe("pages that say what went wrong", () => {
  it("look like the product and lead back", () => {
    const { unmount } = render(<NotFound />);
    expect(screen.getByRole("heading").textContent).toBe("No such page");
    expect(screen.getByRole("link").getAttribute("href")).toBe("/dashboard");
    unmount();
    render(<ErrorPage error={Object.assign(new Error("inner secret"), { digest: "123" })} />);
    expect(screen.getByText(/123/)).toBeTruthy();
    expect(document.body.textContent).not.toContain("inner secret");
  });

  it("name the missing setting, escaped, without a script", async () => {
    const page = troublePage("setting <DASHBOARD_PASSWORD> is missing");
    const text = await page.text();
    expect(page.status).toBe(500);
    expect(text).toContain("setting &#60;DASHBOARD_PASSWORD&#62; is missing");
    expect(text).not.toContain("<script");
  });

  it("keep the colours of the product", async () => {
    const theme = readFileSync(join(ROOT, "app/globals.css"), "utf8");
    const colours = (await troublePage(null).text()).match(/#[0-9a-f]{6}/g) ?? [];
    expect(colours.length).toBeGreaterThan(4);
    for (const colour of colours) expect(theme).toContain(colour);
  });
});

it("the disclaimer is on the login page", () => {
  render(<LoginPage />);
  expect(screen.getByText(/Nothing here is advice/)).toBeTruthy();
});

describe("settings", () => {
  it("that are empty are as good as absent", () => {
    for (const name of ["API_URL", "NEXT_PUBLIC_WS_URL", "SESSION_HOURS", "TRUSTED_PROXIES"])
      vi.stubEnv(name, "");
    expect(webSocketUrl()).toBe("ws://127.0.0.1:8000/ws/live");
    expect(sessionLasts_ms()).toBe(12 * 3_600_000);
    expect(trustedProxies()).toBe(0);
  });

  it("that are wrong are named", () => {
    vi.stubEnv("API_URL", "trader:8000");
    expect(webSocketUrl).toThrow("API_URL");
    vi.stubEnv("NEXT_PUBLIC_WS_URL", "https://trader.example/ws/live");
    expect(webSocketUrl).toThrow("NEXT_PUBLIC_WS_URL");
    vi.stubEnv("DASHBOARD_PASSWORD", "");
    expect(dashboardPassword).toThrow("DASHBOARD_PASSWORD");
  });
});

describe("the start", () => {
  const script = (name: string) => join(ROOT, "scripts", name);
  const aged = (version: string) => [
    "-e",
    `Object.defineProperty(process.versions, "node", { value: "${version}" });` +
      `require(${JSON.stringify(script("require-node.cjs"))})`,
  ];

  it("refuses an old Node in one line", () => {
    const refused = spawnSync(process.execPath, aged("18.20.4"), { encoding: "utf8" });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toBe("error: Node 20 or newer is needed; this is 18.20.4\n");
    expect(execFileSync(process.execPath, aged("20.9.0"), { encoding: "utf8" })).toBe("");
  });

  it("listens beyond this machine only with a password", () => {
    const refused = spawnSync(process.execPath, [script("serve.mjs")], {
      cwd: mkdtempSync(join(tmpdir(), "dashboard-")),
      env: { NODE_ENV: "production", PATH: process.env["PATH"], HOSTNAME: "0.0.0.0" },
      encoding: "utf8",
    });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("DASHBOARD_PASSWORD is missing");
  });
});
