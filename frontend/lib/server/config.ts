import "server-only";

/**
 * The dashboard's settings, read when they are needed: none is written into the build, so one build
 * runs anywhere. No name here may start with NEXT_PUBLIC_ but the WebSocket's address.
 */

/** A setting of this server is missing or wrong; the message names it and no value. */
export class SettingMissing extends Error {}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new SettingMissing(`setting ${name} is missing`);
  return value;
}

/** The address of the trader's API, as seen from this server. */
export const apiUrl = (): string =>
  (process.env["API_URL"] || "http://127.0.0.1:8000").replace(/\/$/, "");

/** The API's key; empty where the API runs without one on the same machine. */
export const apiKey = (): string => process.env["API_SECRET_KEY"] ?? "";

export const dashboardPassword = (): string => setting("DASHBOARD_PASSWORD");

/** The address of the live WebSocket for browsers; by default derived from the API's. */
export function webSocketUrl(): string {
  // The dynamic name keeps Next from writing today's value into the build.
  const configured = process.env[["NEXT_PUBLIC", "WS_URL"].join("_")];
  const address = configured || `${apiUrl().replace(/^http/, "ws")}/ws/live`;
  if (URL.canParse(address) && /^wss?:/.test(address)) return address;
  throw new SettingMissing(
    `setting ${configured ? "NEXT_PUBLIC_WS_URL" : "API_URL"} is not an address`,
  );
}

/** Proxies in front of this server that append to X-Forwarded-For: their entries are trusted. */
export const trustedProxies = (): number => Number(process.env["TRUSTED_PROXIES"] || 0);

const HOURS_MS = 3_600_000;

/** How long a login lasts. */
export const sessionLasts_ms = (): number => Number(process.env["SESSION_HOURS"] || 12) * HOURS_MS;
