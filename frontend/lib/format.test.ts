import { describe, expect, it } from "vitest";
import * as format from "./format";

describe("money", () => {
  it.each([
    ["1234.5", {}, "$1,234.50"],
    ["-3.2", {}, "−$3.20"],
    ["3.2", { signed: true }, "+$3.20"],
    ["0.00", { signed: true }, "$0.00"],
    ["-0.001", {}, "$0.00"],
    // A float would show …993.00: it has no such odd number.
    ["9007199254740993.01", {}, "$9,007,199,254,740,993.01"],
    ["0.3292", { digits: 4 }, "$0.3292"],
  ])("%s %o is %s", (value, options, text) => {
    expect(format.money(value, options)).toBe(text);
  });
});

describe("E-value", () => {
  it.each([
    [0.042, "0.042"],
    [3.29, "3.2"],
    [19.99, "19"],
    [1340.7, "1,340"],
    [2e6, ">1e6"],
    [1e-7, "<0.0001"],
    [1, "1.0"],
    [0.29, "0.29"],
    [0.001, "0.0010"],
    [9.99, "9.9"],
  ])("%s is %s, as in the terminal", (value, text) => {
    expect(format.eValue(value)).toBe(text);
  });
});

describe("price", () => {
  it.each([
    ["0.05", {}, "5¢"],
    ["0.055", {}, "5.5¢"],
    ["1", {}, "100¢"],
    ["0.9999", {}, "99.99¢"],
    ["-0.0312", { signed: true }, "−3.12¢"],
    [0.031, { signed: true, digits: 1 }, "+3.1¢"],
  ])("%s is %s", (value, options, text) => {
    expect(format.price(value, options)).toBe(text);
  });
});

it("per cent, contracts, temperatures and numbers", () => {
  expect(format.percent(0.0312)).toBe("3.1 %");
  expect(format.percent("-0.05", { signed: true, digits: 0 })).toBe("−5 %");
  expect(format.count("99.00")).toBe("99");
  expect(format.count("0.25")).toBe("0.25");
  expect(format.temperature(72.44)).toBe("72.4°F");
  expect(format.temperature(0, { signed: true })).toBe("0.0°F");
  expect(format.number(0.1431, { digits: 3, signed: true })).toBe("+0.143");
});

it("an age is rounded down to the unit shown", () => {
  expect(format.age(-5)).toBe("0 s");
  expect(format.age(59_999)).toBe("59 s");
  expect(format.age(60_000)).toBe("1 min");
  expect(format.age(47.9 * 3_600_000)).toBe("47 h");
  expect(format.age(48 * 3_600_000)).toBe("2 d");
});

it("instants in UTC say so", () => {
  expect(format.timeOfDay("2026-11-25T12:25:03Z", "utc")).toBe("12:25:03Z");
  expect(format.instant("2026-11-25T12:25:03Z", "utc")).toBe("25 Nov 12:25Z");
  expect(format.day("2026-11-25")).toBe("Wed 25 Nov");
});
