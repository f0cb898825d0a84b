import type { Locator, Page } from "@playwright/test";
import { expect, PASSWORD } from "./stack";

/** Actions and locators shared by all end-to-end tests. */

export async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: /log in/i }).click();
  await expect(page.getByRole("heading", { name: "Open positions" }).first()).toBeVisible();
}

export const isLive = (page: Page) =>
  expect(page.getByRole("status").first()).toHaveText("Live", { timeout: 30_000 });

export const dialog = (page: Page): Locator => page.getByRole("dialog");

export const rows = (page: Page, region: string): Locator =>
  page.getByRole("region", { name: `${region}, table` }).locator("tbody tr");

export const closeButtons = (page: Page): Locator => page.getByRole("button", { name: /^Close / });
