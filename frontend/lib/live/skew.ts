/**
 * The bot's clock as seen from here. Every message says when the bot sent it; what lies between
 * two of them tells how far its clock is from ours and how fast it goes, which in a sandbox is
 * hundreds of times. Ages are reckoned by that clock, so a wrong clock here ages nothing.
 */

export interface ServerClock {
  /** What the bot's clock said in its newest message. */
  server_ms: number;
  /** What ours said when that message came. */
  local_ms: number;
  /** Seconds of the bot's per second of ours. */
  rate: number;
  /** The message that the rate is reckoned from. */
  since: { server_ms: number; local_ms: number };
}

/** Shorter spans say more about the network than about a clock. */
const LEAST_SPAN_MS = 2_000;
/** Within this of 1 a clock goes as ours does, and what differs is delay. */
const SAME_RATE = 0.2;

/** The clock after a message that the bot sent at `server_ms` and that came at `local_ms`. */
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

/** What the bot's clock says now, when ours says `local_ms`. */
export const serverTime = (clock: ServerClock, local_ms: number): number =>
  clock.server_ms + Math.max(0, local_ms - clock.local_ms) * clock.rate;
