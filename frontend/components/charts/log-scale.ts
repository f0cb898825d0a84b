/**
 * E-values on a logarithmic axis, from 0 at its bottom to 1 at its top. It always includes 1, where
 * evidence starts, and the threshold; below `LEAST` everything is at the bottom.
 */
export interface LogScale {
  fraction: (value: number) => number;
}

export const LEAST = 1e-4;

export function logScale(values: readonly number[], threshold: number): LogScale {
  const logs = [1, threshold, ...values].map(log);
  const low = Math.min(...logs, -1); // down to 0.1 at least: a small loss is not drawn as a crash
  const high = Math.max(...logs) + 0.1;
  return { fraction: (value) => (log(value) - low) / (high - low) };
}

const log = (value: number): number => Math.log10(Math.max(value, LEAST));
