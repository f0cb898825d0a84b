import { expect, it } from "vitest";
import { LEAST, logScale } from "./log-scale";

it("puts equal factors at equal distances, and the threshold below the top", () => {
  const { fraction } = logScale([0.5, 3], 800);
  expect(fraction(10) - fraction(1)).toBeCloseTo(fraction(100) - fraction(10));
  expect(fraction(800)).toBeLessThan(1);
  expect(fraction(800)).toBeGreaterThan(0.9);
});

it("keeps everything between bottom and top, wherever the values are", () => {
  for (const values of [[], [0], [1e-300], [1e9], [0.001, 5000]]) {
    const { fraction } = logScale(values, 20);
    for (const value of [...values, 1, 20]) {
      expect(fraction(value)).toBeGreaterThanOrEqual(0);
      expect(fraction(value)).toBeLessThan(1);
    }
  }
});

it("draws zero where its smallest value is", () => {
  const { fraction } = logScale([0, 2], 20);
  expect(fraction(0)).toBe(fraction(LEAST));
});
