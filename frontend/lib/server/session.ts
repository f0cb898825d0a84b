import "server-only";
import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { apiKey, dashboardPassword, sessionLasts_ms } from "./config";

/**
 * One password, and a signed cookie that proves that it was entered. The signing key is derived from
 * the password: changing the password ends every session.
 */

export interface Session {
  id: string;
  expiresAt_ms: number;
}

const ALGORITHM = "HS256";
const AUDIENCE = "kalshi-edge-dashboard";

/**
 * Sessions logged out before they expired; lost on a restart of this server. Stored on the process,
 * because Next loads this module once for the proxy and once for the routes.
 */
const kept = globalThis as { loggedOutSessions?: Map<string, number> };
kept.loggedOutSessions ??= new Map();
const loggedOut = kept.loggedOutSessions;

const signingKey = (): Uint8Array =>
  createHmac("sha256", dashboardPassword()).update(`session ${apiKey()}`).digest();

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether `given` is the dashboard's password, compared in constant time. */
export const isPassword = (given: string): boolean =>
  timingSafeEqual(digest(given), digest(dashboardPassword()));

export async function sealedSession(now_ms: number): Promise<{ token: string; session: Session }> {
  const session = { id: randomUUID(), expiresAt_ms: now_ms + sessionLasts_ms() };
  const token = await new SignJWT()
    .setProtectedHeader({ alg: ALGORITHM })
    .setJti(session.id)
    .setAudience(AUDIENCE)
    .setIssuedAt(Math.floor(now_ms / 1000))
    .setExpirationTime(Math.floor(session.expiresAt_ms / 1000))
    .sign(signingKey());
  return { token, session };
}

/** The session that `token` proves, or `null` if it is forged, expired or logged out. */
export async function openedSession(
  token: string | undefined,
  now_ms: number,
): Promise<Session | null> {
  if (!token) return null;
  try {
    const { payload } = await jwtVerify(token, signingKey(), {
      algorithms: [ALGORITHM],
      audience: AUDIENCE,
      currentDate: new Date(now_ms),
      requiredClaims: ["jti", "exp"],
    });
    const id = String(payload.jti);
    return loggedOut.has(id) ? null : { id, expiresAt_ms: Number(payload.exp) * 1000 };
  } catch {
    return null;
  }
}

export function endSession(session: Session, now_ms: number): void {
  for (const [id, expiresAt_ms] of loggedOut) if (expiresAt_ms < now_ms) loggedOut.delete(id);
  loggedOut.set(session.id, session.expiresAt_ms);
}
