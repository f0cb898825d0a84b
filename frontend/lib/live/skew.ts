/**
 * The trader's clock, estimated from the time in each of its messages: its offset from this machine's
 * clock and its rate, which in a sandbox is in the hundreds. Ages are measured by that clock, so a wrong
 * clock on this machine makes nothing look old.
 */

export interface ServerClock {
  /** The trader's time in its newest message. */
  server_ms: number;
  /** This machine's time when that message arrived. */
  local_ms: number;
  /** Seconds of the trader's clock per second of this machine's. */
  rate: number;
  /** The message from which the rate is measured. */
  since: { server_ms: number; local_ms: number };
}

/** Shorter spans say more about the network than about a clock. */
const LEAST_SPAN_MS = 2_000;
/** Within this of 1 both clocks run at the same rate, and the difference is network delay. */
const SAME_RATE = 0.2;

/** The clock after a message sent at `server_ms` and received at `local_ms`. */
export function clockAfter(
  clock: ServerClock | null,
  server_ms: number,
  local_ms: number,
): ServerClock {
  const fresh = { server_ms, local_ms, rate: 1, since: { server_ms, local_ms } };
  if (clock === null || local_ms < clock.since.local_ms || server_ms < clock.server_ms - 60_000)
    return fresh;
  const span_ms = local_ms - clock.since.local_ms;
  if (span_ms < LEAST_SPAN_MS) return { ...clock, server_ms, local_ms };
  const measured = (server_ms - clock.since.server_ms) / span_ms;
  const rate = Math.abs(measured - 1) < SAME_RATE ? 1 : Math.max(0, measured);
  return {
    server_ms,
    local_ms,
    rate,
    since: span_ms > 30_000 ? { server_ms, local_ms } : clock.since,
  };
}

/** The trader's time when this machine's is `local_ms`. */
export const serverTime = (clock: ServerClock, local_ms: number): number =>
  clock.server_ms + Math.max(0, local_ms - clock.local_ms) * clock.rate;
