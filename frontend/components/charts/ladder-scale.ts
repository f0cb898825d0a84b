import type { Schemas } from "@/lib/types";

type BinRow = Schemas["BinRow"];

/**
 * The position of a temperature on a ladder's axis, from 0 to 1. A bin of whole degrees extends half
 * a degree beyond both of its ends; an open end is drawn `TAIL_F` wide.
 */
export interface Scale {
  low_f: number;
  high_f: number;
  fraction: (temperature_f: number) => number;
}

export const TAIL_F = 3;

export function ladderScale(bins: readonly BinRow[]): Scale {
  const edges = bins.flatMap(({ bin }) => edgesOf(bin));
  const low_f = Math.min(...edges);
  const high_f = Math.max(...edges);
  const fraction = (temperature_f: number) =>
    Math.min(1, Math.max(0, (temperature_f - low_f) / (high_f - low_f)));
  return { low_f, high_f, fraction };
}

/** A bin's outer edges, °F. */
export function edgesOf({ lower_f, upper_f }: Schemas["BinView"]): [low: number, high: number] {
  const low = lower_f ?? (upper_f ?? 0) + 1 - TAIL_F;
  const high = upper_f ?? (lower_f ?? 0) - 1 + TAIL_F;
  return [low - 0.5, high + 0.5];
}
