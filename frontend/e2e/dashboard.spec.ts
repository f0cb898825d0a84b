import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import type { Schemas } from "../lib/types";
import { dialog, isLive, logIn, rows } from "./page-actions";
import { expect, freePort, PASSWORD, type Stack, test } from "./stack";

test.describe.configure({ mode: "serial" });

async function tabTo(page: Page, wanted: Locator): Promise<void> {
  const isFocused = () => wanted.evaluate((element) => element === document.activeElement);
  for (let n = 0; n < 60 && !(await isFocused()); n += 1) await page.keyboard.press("Tab");
  await expect(wanted).toBeFocused();
}

async function positions(stack: Stack): Promise<Schemas["Position"][]> {
  return (await stack.ask<Schemas["OpenPositions"]>("/api/positions/open")).positions;
}

async function violations(page: Page): Promise<unknown[]> {
  const found = await new AxeBuilder({ page }).analyze();
  return found.violations.map(({ id, nodes }) => ({ id, where: nodes.map((one) => one.html) }));
}

test("a wrong password is refused and the right one is accepted", async ({ page, stack }) => {
  await page.goto(stack.url);
  await expect(page).toHaveURL(/\/login$/);
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: /log in/i }).click();
  await expect(page.getByRole("alert").filter({ hasText: /./ })).toBeVisible();
  await expect(page).toHaveURL(/\/login$/);
  await logIn(page, stack.url);
});

test("the dashboard has two addresses, and another one leads back", async ({ page, stack }) => {
  await logIn(page, stack.url);
  await page.goto(`${stack.url}/dashboard`);
  await isLive(page);
  await expect(page.getByText(/Nothing here is advice/)).toBeVisible();
  const missing = await page.goto(`${stack.url}/no-such-page`);
  expect(missing?.status()).toBe(404);
  expect(await violations(page)).toEqual([]);
  await page.getByRole("link", { name: "To the dashboard" }).click();
  await isLive(page);
});

test("without a session there is no data, and the API key never reaches the browser", async ({
  page,
  stack,
}) => {
  const received: string[] = [];
  page.on("response", async (response) => {
    received.push(response.url(), JSON.stringify(await response.allHeaders()));
    received.push(await response.text().catch(() => ""));
  });
  const refused = await page.request.get(`${stack.url}/backend/api/live`);
  expect(refused.status()).toBe(401);
  await logIn(page, stack.url);
  await isLive(page);
  expect(received.join("\n")).not.toContain("a-key-of-the-end-to-end-tests");
});

test("figures are live and equal to the trader's", async ({ page, stack }) => {
  await logIn(page, stack.url);
  await isLive(page);
  await expect(page.getByText("SYNTHETIC", { exact: true })).toBeVisible();
  await expect
    .poll(async () => (await positions(stack)).length, { timeout: 50_000 })
    .toBeGreaterThan(0);
  const held = await positions(stack);
  await expect(rows(page, "Open positions")).toHaveCount(held.length);
  const clock = page.getByTitle("Trader clock");
  const before = (await clock.textContent()) ?? "";
  await expect(clock).not.toHaveText(before);
  expect(Object.keys(await stack.held()).sort()).toEqual(held.map((one) => one.ticker).sort());
});

test("no accessibility violations on the dashboard and in its dialogs", async ({ page, stack }) => {
  await logIn(page, stack.url);
  await isLive(page);
  await expect(rows(page, "Open positions").first()).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page
    .getByRole("button", { name: /^Close / })
    .first()
    .click();
  await expect(dialog(page).getByText(/Fills immediately/)).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await dialog(page).getByRole("tab", { name: "Quick sell" }).click();
  expect(await violations(page)).toEqual([]);
});

test("on a phone nothing extends beyond the screen", async ({ page, stack }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await logIn(page, stack.url);
  await isLive(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await expect(page.getByRole("button", { name: /^Close / }).first()).toBeInViewport({
    ratio: 0.1,
  });
});

test("a sale far from the market becomes a working order, which can be cancelled", async ({
  page,
  stack,
}) => {
  await logIn(page, stack.url);
  await isLive(page);
  const [first] = await positions(stack);
  await page
    .getByRole("button", { name: /^Close / })
    .first()
    .click();
  await dialog(page).getByLabel("Limit price, dollars per contract").fill("0.99");
  await dialog(page).getByRole("button", { name: "Sell at limit" }).click();
  await expect(dialog(page).getByRole("status")).toHaveAttribute("data-stage", "done");
  await page.keyboard.press("Escape");
  await expect(rows(page, "Working orders")).toHaveCount(1);
  expect((await positions(stack))[0]?.on_sale).toBe(first?.open_count);

  await page.getByRole("button", { name: /^Cancel order/ }).click();
  await dialog(page).getByRole("button", { name: "Cancel order" }).click();
  await expect(dialog(page).getByRole("status")).toHaveAttribute("data-stage", "done");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("region", { name: "Working orders, table" })).toHaveCount(0);
  expect((await positions(stack))[0]).toMatchObject({
    open_count: first?.open_count,
    on_sale: "0",
  });
});

test("a limit sell at the bid reaches the exchange and the ledger, once", async ({
  page,
  stack,
}) => {
  await logIn(page, stack.url);
  await isLive(page);
  const before = (await positions(stack)).filter(
    (one) => one.bracket_id === null && one.bid !== null,
  );
  const chosen = before[0];
  expect(chosen).toBeDefined();
  if (chosen === undefined) return;
  await page
    .getByRole("button", { name: `Close ${chosen.city} ${chosen.bin}`, exact: true })
    .click();
  await dialog(page).getByLabel("Limit price, dollars per contract").fill("0.01");
  await expect(dialog(page).getByText(/Fills immediately/)).toBeVisible();
  await dialog(page).getByRole("button", { name: "Sell at limit" }).dblclick();
  await expect(dialog(page).getByRole("status")).toHaveAttribute("data-stage", "done");
  await page.keyboard.press("Escape");
  const after = (await positions(stack)).find((one) => one.trade_id === chosen.trade_id);
  const left = Number(after?.open_count ?? 0);
  expect(left).toBeLessThan(Number(chosen.open_count));
  await expect.poll(async () => (await stack.held())[chosen.ticker] ?? 0).toBe(left);
  const { orders } = await stack.ask<Schemas["Orders"]>("/api/orders");
  const sales = orders.filter((one) => one.trade_id === chosen.trade_id && one.reduces);
  expect(
    sales.filter((one) => one.limit_price === "0.01" || one.limit_price === "0.0100"),
  ).toHaveLength(1);
});

test("the kill switch halts trading and resumes it", async ({ page, stack }) => {
  await logIn(page, stack.url);
  await isLive(page);
  await page.getByRole("button", { name: "Halt trading" }).click();
  await dialog(page).getByLabel("Reason").fill("an end-to-end test");
  await dialog(page).getByRole("button", { name: "Halt trading" }).click();
  await expect(dialog(page).getByRole("status")).toHaveAttribute("data-stage", "done");
  await page.keyboard.press("Escape");
  await expect(page.locator("[data-switch=halt]")).toBeVisible();
  await expect(
    page.locator("[data-banner]").filter({ hasText: "an end-to-end test" }),
  ).toBeVisible();
  expect((await stack.ask<Schemas["RiskStatus"]>("/api/risk/status")).switch.is_halted).toBe(true);

  await page.getByRole("button", { name: "Resume trading" }).click();
  await dialog(page).getByLabel("Reason").fill("test finished");
  await dialog(page).getByRole("button", { name: "Resume trading" }).click();
  await expect(dialog(page).getByRole("status")).toHaveAttribute("data-stage", "done");
  await page.keyboard.press("Escape");
  await expect(page.locator("[data-switch=run]")).toBeVisible();
});

test("a killed trader is shown as not responding, and as live after its restart", async ({
  page,
  stack,
}) => {
  await logIn(page, stack.url);
  await isLive(page);
  const before = await positions(stack);
  await stack.killTrader();
  await expect(page.locator("[data-banner=not-responding]")).toBeVisible({ timeout: 30_000 });
  await expect(page.locator("section[data-stale]").first()).toBeVisible();
  await stack.startTrader();
  await expect(page.getByRole("status").first()).toHaveText("Live", { timeout: 50_000 });
  await expect(page.locator("[data-banner=not-responding]")).toHaveCount(0);
  const after = await positions(stack);
  // Its first cycle may have bought more by now.
  const kept = before.map((one) => one.trade_id);
  expect(after.map((one) => one.trade_id)).toEqual(expect.arrayContaining(kept));
});

test("works by keyboard alone: login, opening and closing a dialog, logout", async ({
  page,
  stack,
}) => {
  await page.goto(`${stack.url}/login`, { waitUntil: "networkidle" });
  await tabTo(page, page.getByLabel("Password"));
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await isLive(page);
  const close = page.getByRole("button", { name: /^Close / }).first();
  await tabTo(page, close);
  await page.keyboard.press("Enter");
  await expect(dialog(page)).toBeVisible();
  for (let n = 0; n < 25; n += 1) await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null)).toBe(
    true,
  );
  await page.keyboard.press("Escape");
  await expect(close).toBeFocused();
  await page.getByRole("button", { name: "Log out" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/login$/);
});

test("an expired session leads back to the login", async ({ page, stack }) => {
  const short = await stack.startWeb(await freePort(), { SESSION_HOURS: "0.002" });
  await logIn(page, short);
  await expect(page).toHaveURL(/\/login$/, { timeout: 20_000 });
  const refused = await page.request.get(`${short}/backend/api/live`);
  expect(refused.status()).toBe(401);
});
