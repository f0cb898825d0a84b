/** Milliseconds before attempt `attempt` (0 is the first retry): doubling, with jitter, up to a maximum. */
export function backoff_ms(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return ceiling * (0.5 + random / 2);
}

export const FIRST_MS = 500;
export const LONGEST_MS = 30_000;
