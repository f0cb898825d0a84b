import { beforeEach, describe, expect, it, vi } from "vitest";
import document from "../openapi.json";
import { CALLS, isForwarded } from "./calls";
import { cookieFlags, cookieName } from "./cookie";
import { isSameOrigin } from "./origin";
import { contentSecurityPolicy } from "./policy";
import { endSession, isPassword, openedSession, sealedSession } from "./session";
import { clientAddress, FREE_FAILURES, FREE_FAILURES_OF_ALL, Throttle } from "./throttle";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.stubEnv("DASHBOARD_PASSWORD", "correct horse");
  vi.stubEnv("API_SECRET_KEY", "the key");
});

describe("a session", () => {
  it("is valid until it expires", async () => {
    const { token, session } = await sealedSession(NOW);
    expect((await openedSession(token, NOW + 11 * HOUR_MS))?.id).toBe(session.id);
    expect(await openedSession(token, NOW + 12 * HOUR_MS + 1000)).toBeNull();
  });

  it("ends with a logout, which ends no other session", async () => {
    const [one, other] = [await sealedSession(NOW), await sealedSession(NOW)];
    endSession(one.session, NOW);
    expect(await openedSession(one.token, NOW)).toBeNull();
    expect(await openedSession(other.token, NOW)).not.toBeNull();
  });

  it("ends when the password is changed", async () => {
    const { token } = await sealedSession(NOW);
    vi.stubEnv("DASHBOARD_PASSWORD", "another");
    expect(await openedSession(token, NOW)).toBeNull();
  });

  it("cannot be forged", async () => {
    const { token } = await sealedSession(NOW);
    const [, payload] = token.split(".");
    const unsigned = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`;
    for (const forged of [undefined, "", "x", unsigned, `${token.slice(0, -4)}AAAA`]) {
      expect(await openedSession(forged, NOW)).toBeNull();
    }
  });
});

it("only the exact password is accepted", () => {
  expect(isPassword("correct horse")).toBe(true);
  for (const wrong of ["", "correct hors", "correct horse ", "Correct horse"]) {
    expect(isPassword(wrong)).toBe(false);
  }
});

it("the cookie needs HTTPS except on loopback", () => {
  expect(cookieName("127.0.0.1:3000")).toBe("session");
  expect(cookieName("edge.example")).toBe("__Host-session");
  expect(cookieName("localhost.example")).toBe("__Host-session");
  expect(cookieFlags("edge.example", NOW)).toMatchObject({
    httpOnly: true,
    secure: true,
    sameSite: "strict",
    path: "/",
  });
});

describe("failed logins", () => {
  it("make the address wait longer each time, and no other address", () => {
    const throttle = new Throttle();
    let now_ms = NOW;
    const waits = Array.from({ length: FREE_FAILURES + 3 }, () => {
      now_ms += throttle.wait_ms("a", now_ms);
      throttle.failed("a", now_ms);
      return throttle.wait_ms("a", now_ms);
    });
    expect(waits).toEqual([0, 0, 2_000, 4_000, 8_000, 16_000]);
    expect(throttle.wait_ms("b", now_ms)).toBe(0);
  });

  it("make everyone wait when they come from many addresses", () => {
    const throttle = new Throttle();
    for (let n = 0; n < FREE_FAILURES_OF_ALL; n++) throttle.failed(`address ${n}`, NOW);
    expect(throttle.wait_ms("new", NOW)).toBeGreaterThan(0);
  });

  it("are forgotten after an hour and after a successful login", () => {
    const throttle = new Throttle();
    for (let n = 0; n < 5; n++) throttle.failed("a", NOW);
    expect(throttle.wait_ms("a", NOW + HOUR_MS)).toBe(0);
    throttle.succeeded("a");
    expect(throttle.wait_ms("a", NOW)).toBe(0);
  });
});

it("the address comes from the trusted proxies, not from the client", () => {
  expect(clientAddress("6.6.6.6, 1.2.3.4", 1)).toBe("1.2.3.4");
  expect(clientAddress("6.6.6.6, 1.2.3.4, 10.0.0.1", 2)).toBe("1.2.3.4");
  expect(clientAddress("127.0.0.1", 0)).toBe("127.0.0.1");
  expect(clientAddress(null, 0)).toBe("unknown");
});

it.each([
  [{ origin: "https://edge.example", host: "edge.example" }, true],
  [{ origin: "https://edge.example", host: "edge.example", "sec-fetch-site": "same-origin" }, true],
  [{ origin: "https://edge.example", host: "edge.example", "sec-fetch-site": "same-site" }, false],
  [{ origin: "https://evil.example", host: "edge.example" }, false],
  [{ origin: "null", host: "edge.example" }, false],
  [{ host: "edge.example" }, false],
])("a write with %o is ours: %s", (headers, isOurs) => {
  expect(isSameOrigin(new Headers(headers as unknown as Record<string, string>))).toBe(isOurs);
});

it.each([
  ["GET", "/api/markets/NYC", true],
  ["DELETE", "/api/orders/0f3a-1", true],
  ["POST", "/api/positions/t1/sell", true],
  ["POST", "/api/markets/NYC", false],
  ["GET", "/api/markets/..", false],
  ["GET", "/api/markets/NYC/../../metrics", false],
  ["GET", "/api/markets/%2e%2e", false],
  ["GET", "/api/health/", false],
  ["POST", "/api/ws-ticket", false],
  ["GET", "/metrics", false],
])("%s %s is forwarded: %s", (method, path, isKnown) => {
  expect(isForwarded(method, path)).toBe(isKnown);
});

it("the policy allows scripts by nonce only, and the live connection", () => {
  const policy = contentSecurityPolicy("n0nce", "wss://trader.example/ws/live", false);
  expect(policy).toContain("script-src 'self' 'nonce-n0nce' 'strict-dynamic';");
  expect(policy).toContain("connect-src 'self' wss://trader.example;");
  expect(policy).not.toContain("unsafe-eval");
});

it("every forwarded call exists in the API", () => {
  const known = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(known).toEqual(expect.arrayContaining(CALLS));
});
