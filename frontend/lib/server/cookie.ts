import "server-only";

/** The session cookie: not readable by scripts, sent to this site only, and over HTTPS only. */

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/;

export const isLoopback = (host: string | null): boolean => host !== null && LOOPBACK.test(host);

/** `__Host-` binds the cookie to one host over HTTPS; loopback works without HTTPS. */
export const cookieName = (host: string | null): string =>
  isLoopback(host) ? "session" : "__Host-session";

export const cookieFlags = (host: string | null, expiresAt_ms: number) =>
  ({
    httpOnly: true,
    secure: !isLoopback(host),
    sameSite: "strict",
    path: "/",
    expires: new Date(expiresAt_ms),
  }) as const;
