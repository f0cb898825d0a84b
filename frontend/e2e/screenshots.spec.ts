import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { closeButtons, dialog, isLive, logIn, rows } from "./page-actions";
import { expect, test } from "./stack";

/** Takes the screenshots of docs/reference/dashboard.md from the running product: `npm run screenshots`. */

const FOLDER = join(import.meta.dirname, "..", "..", "docs", "screenshots");
const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

test.describe.configure({ mode: "serial", timeout: 180_000 });
test.use({ viewport: WIDE, reducedMotion: "reduce" });
test.beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
});

const file = (name: string) => join(FOLDER, `${name}.png`);

async function shot(page: Page, name: string, fullPage = false): Promise<void> {
  await page.waitForTimeout(400); // until the charts are drawn
  await page.screenshot({ path: file(name), fullPage });
}

const dialogShot = (page: Page, name: string) => dialog(page).screenshot({ path: file(name) });

test("login, and no open positions", async ({ page, stack }) => {
  await page.goto(`${stack.url}/login`);
  await shot(page, "login");
  await logIn(page, stack.url);
  await isLive(page);
  if ((await rows(page, "Open positions").count()) === 0) await shot(page, "empty");
});

test("the whole dashboard, wide and on a phone; the ladder", async ({ page, stack }) => {
  await logIn(page, stack.url);
  await isLive(page);
  await expect(rows(page, "Open positions").nth(2)).toBeVisible({ timeout: 120_000 });
  await shot(page, "dashboard-1440", true);
  const ladder = page.getByRole("region", { name: /^Ladder ·/ });
  await ladder.scrollIntoViewIfNeeded();
  await ladder.screenshot({ path: file("ladder") });
  await page.setViewportSize(PHONE);
  await shot(page, "dashboard-390", true);
});

test("the close dialog in each of its tabs and states", async ({ page, stack }) => {
  const done = () => expect(dialog(page).getByRole("status")).toHaveAttribute("data-stage", "done");
  const sellAt = async (limit: string) => {
    await closeButtons(page).first().click();
    await dialog(page).getByLabel("Limit price, dollars per contract").fill(limit);
    await expect(dialog(page).getByText(/Fills immediately/)).toBeVisible();
  };
  await logIn(page, stack.url);
  await isLive(page);
  await sellAt("0.99");
  await dialog(page).getByRole("button", { name: "Sell at limit" }).click();
  await done();
  await dialogShot(page, "close-resting");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Cancel order/ }).click();
  await dialogShot(page, "close-quick");
  await dialog(page).getByRole("button", { name: "Cancel order" }).click();
  await done();
  await page.keyboard.press("Escape");

  await sellAt("0.01");
  await dialogShot(page, "close-limit");
  await page.route("**/sell", async (route) => {
    await page.waitForTimeout(1500); // long enough for a screenshot
    await route.continue();
  });
  await dialog(page).getByRole("button", { name: "Sell at limit" }).click();
  await dialogShot(page, "close-waiting");
  await done();
  await dialogShot(page, "close-done");
});

test("the kill switch, before and after a halt", async ({ page, stack }) => {
  await logIn(page, stack.url);
  await isLive(page);
  await page.getByRole("button", { name: "Halt trading" }).click();
  await dialog(page).getByLabel("Reason").fill("a look at the kill switch");
  await dialogShot(page, "halt");
  await dialog(page).getByRole("button", { name: "Halt trading" }).click();
  await expect(dialog(page).getByRole("status")).toHaveAttribute("data-stage", "done");
  await page.keyboard.press("Escape");
  await expect(page.locator("[data-switch=halt]")).toBeVisible();
  await shot(page, "halted");
});

test("the trader is not responding", async ({ page, stack }) => {
  await logIn(page, stack.url);
  await isLive(page);
  await stack.killTrader();
  await expect(page.locator("[data-banner=not-responding]")).toBeVisible({ timeout: 30_000 });
  await shot(page, "stale");
});
