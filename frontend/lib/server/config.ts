import "server-only";

/**
 * The dashboard's settings, read when they are needed: nothing is baked into the build, so one
 * build serves anywhere. No name here may start with NEXT_PUBLIC_ but the WebSocket's address.
 */

export class SettingMissing extends Error {}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new SettingMissing(`the dashboard needs the setting ${name}`);
  return value;
}

/** Where the bot's API is, as seen from this server. */
export const apiUrl = (): string =>
  (process.env["API_URL"] ?? "http://127.0.0.1:8000").replace(/\/$/, "");

/** The API's key; empty where the API runs without one on this very machine. */
export const apiKey = (): string => process.env["API_SECRET_KEY"] ?? "";

export const dashboardPassword = (): string => setting("DASHBOARD_PASSWORD");

/** Where the browser finds the live WebSocket; next to the API unless told otherwise. */
export function webSocketUrl(): string {
  // The dynamic name keeps Next from writing today's value into the build.
  const told = process.env[["NEXT_PUBLIC", "WS_URL"].join("_")];
  return told || `${apiUrl().replace(/^http/, "ws")}/ws/live`;
}

/** Proxies in front of this server that append to X-Forwarded-For: their entries are believed. */
export const trustedProxies = (): number => Number(process.env["TRUSTED_PROXIES"] ?? 0);

const HOURS_MS = 3_600_000;

/** How long a login lasts. */
export const sessionLasts_ms = (): number => Number(process.env["SESSION_HOURS"] ?? 12) * HOURS_MS;
