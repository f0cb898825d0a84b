import { expect, it } from "vitest";
import type { Schemas } from "@/lib/types";
import { edgesOf, ladderScale, TAIL_F } from "./ladder-scale";

const bin = (lower_f: number | null, upper_f: number | null): Schemas["BinRow"] =>
  ({ bin: { label: "", lower_f, upper_f } }) as Schemas["BinRow"];

const LADDER = [bin(null, 72), bin(73, 74), bin(75, 76), bin(77, null)];

it("places the bins side by side without a gap", () => {
  const edges = LADDER.map((row) => edgesOf(row.bin));
  for (const [index, [low]] of edges.entries()) {
    if (index > 0) expect(low).toBe(edges[index - 1]?.[1]);
  }
});

it("draws whole-degree bins with half-degree edges and open ends of one width", () => {
  expect(edgesOf(LADDER[1]?.bin as Schemas["BinView"])).toEqual([72.5, 74.5]);
  expect(edgesOf(LADDER[0]?.bin as Schemas["BinView"])).toEqual([72.5 - TAIL_F, 72.5]);
  expect(edgesOf(LADDER[3]?.bin as Schemas["BinView"])).toEqual([76.5, 76.5 + TAIL_F]);
});

it("keeps temperatures beyond the ladder at its ends", () => {
  const scale = ladderScale(LADDER);
  expect(scale.fraction(0)).toBe(0);
  expect(scale.fraction(120)).toBe(1);
  expect(scale.fraction((scale.low_f + scale.high_f) / 2)).toBeCloseTo(0.5);
});

it("accepts zero degrees as a temperature", () => {
  expect(edgesOf({ label: "", lower_f: -1, upper_f: 0 })).toEqual([-1.5, 0.5]);
  expect(edgesOf({ label: "", lower_f: null, upper_f: 0 })).toEqual([0.5 - TAIL_F, 0.5]);
});
