import { describe, expect, it } from "vitest";
import type { Schemas } from "@/lib/types";
import { countProblem, firstPrice, priceProblem, sellable, sellRequest } from "./sale";

const leg = (over: Partial<Schemas["Position"]> = {}): Schemas["Position"] =>
  ({
    trade_id: "t1",
    open_count: "12.50",
    on_sale: "0",
    bid: "0.4100",
    average_price: "0.335",
    ...over,
  }) as Schemas["Position"];

it.each(["0.41", ".41", "0.0001", "0.9999"])("%s is a price", (text) => {
  expect(priceProblem(text)).toBeNull();
});

it.each(["", "0", "0.00", "1", "1.2", "-0.4", "41", "0,41", "0.41234", "NaN", "1e-2"])(
  "%j is not a price, and the message quotes it",
  (text) => {
    expect(priceProblem(text)).toContain(text === "" ? "Enter a price" : `${text} is not valid`);
  },
);

describe("contracts", () => {
  it("are at most what is held and not in sell orders already", () => {
    expect(sellable(leg())).toBe("12.5");
    expect(sellable(leg({ on_sale: "12.40" }))).toBe("0.1");
    expect(sellable(leg({ on_sale: "13" }))).toBe("0");
    expect(countProblem("12.5", leg())).toBeNull();
    expect(countProblem("12.51", leg())).toContain("12.5");
  });

  it.each(["0", "", "-1", "1.234", "abc"])("are not %j", (text) => {
    expect(countProblem(text, leg())).not.toBeNull();
  });
});

it("suggests the bid, or the average price paid where there is no bid", () => {
  expect(firstPrice(leg())).toBe("0.41");
  expect(firstPrice(leg({ bid: null }))).toBe("0.335");
});

it("sells a bracket's legs in one request, each at its own price", () => {
  const request = sellRequest(
    [
      { leg: leg(), input: { price: "0.41", count: "3" } },
      { leg: leg({ trade_id: "t2" }), input: { price: "0.22", count: "3" } },
    ],
    false,
    true,
  );
  expect(request).toMatchObject({
    limit_price: "0.41",
    count: "3",
    waits: false,
    confirm: true,
    other_legs: [{ trade_id: "t2", limit_price: "0.22", count: "3" }],
  });
});
