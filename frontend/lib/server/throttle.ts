import "server-only";

/**
 * How long an address must wait after failed logins: nothing after the first two, then 2, 4, 8 …
 * seconds, at most 15 minutes. All addresses together are limited too, against distributed attempts.
 */

export interface Attempts {
  failures: number;
  lastAt_ms: number;
}

export const FREE_FAILURES = 3;
export const FREE_FAILURES_OF_ALL = 30;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 15 * 60_000;
const FORGOTTEN_AFTER_MS = 60 * 60_000;
const ADDRESSES_KEPT = 10_000;
const ALL = "*";

/** Milliseconds until the next attempt is accepted. */
export function wait_ms(attempts: Attempts | undefined, now_ms: number, free: number): number {
  if (attempts === undefined || attempts.failures < free) return 0;
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts.failures - free));
  return Math.max(0, attempts.lastAt_ms + wait - now_ms);
}

export class Throttle {
  private readonly attempts = new Map<string, Attempts>();

  /** Milliseconds that `address` still has to wait. */
  wait_ms(address: string, now_ms: number): number {
    return Math.max(
      wait_ms(this.recent(address, now_ms), now_ms, FREE_FAILURES),
      wait_ms(this.recent(ALL, now_ms), now_ms, FREE_FAILURES_OF_ALL),
    );
  }

  failed(address: string, now_ms: number): void {
    for (const name of [address, ALL]) {
      const failures = (this.recent(name, now_ms)?.failures ?? 0) + 1;
      this.attempts.delete(name); // put back last: the map stays ordered by age
      this.attempts.set(name, { failures, lastAt_ms: now_ms });
    }
    for (const oldest of this.attempts.keys()) {
      if (this.attempts.size <= ADDRESSES_KEPT) break;
      if (oldest !== ALL) this.attempts.delete(oldest);
    }
  }

  succeeded(address: string): void {
    this.attempts.delete(address);
  }

  private recent(name: string, now_ms: number): Attempts | undefined {
    const attempts = this.attempts.get(name);
    return attempts && now_ms - attempts.lastAt_ms < FORGOTTEN_AFTER_MS ? attempts : undefined;
  }
}

/**
 * The client's address: each of the `trusted` proxies appended one entry to X-Forwarded-For, so the
 * client is that many entries from the right; entries further left can be forged.
 */
export function clientAddress(forwardedFor: string | null, trusted: number): string {
  const entries = (forwardedFor ?? "").split(",").map((entry) => entry.trim());
  return entries.at(-Math.max(1, trusted)) || "unknown";
}
