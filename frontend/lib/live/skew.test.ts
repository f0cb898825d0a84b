import { expect, it } from "vitest";
import { clockAfter, type ServerClock, serverTime } from "./skew";

const after = (...messages: [server_ms: number, local_ms: number][]): ServerClock =>
  messages.reduce<ServerClock | null>(
    (clock, [server_ms, local_ms]) => clockAfter(clock, server_ms, local_ms),
    null,
  ) as ServerClock;

it("a clock that is an hour off makes nothing look old", () => {
  const clock = after([3_600_000, 0], [3_605_000, 5_000]);
  expect(serverTime(clock, 6_000)).toBe(3_606_000);
});

it("a delayed message does not change the rate", () => {
  const clock = after([0, 0], [5_000, 5_800], [10_000, 10_050]);
  expect(clock.rate).toBe(1);
});

it("follows a sandbox that runs 900 times as fast", () => {
  const clock = after([0, 0], [900 * 3_000, 3_000]);
  expect(clock.rate).toBe(900);
  expect(serverTime(clock, 4_000)).toBe(900 * 4_000);
});

it("starts again when this clock is set back, or the trader's is", () => {
  expect(after([0, 10_000], [5_000, 2_000]).rate).toBe(1);
  expect(after([9_000_000, 0], [1_000, 5_000])).toMatchObject({ server_ms: 1_000, rate: 1 });
});
