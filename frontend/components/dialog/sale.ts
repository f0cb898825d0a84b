import type { Schemas } from "@/lib/types";

type Position = Schemas["Position"];

/** The price and count entered for one leg. */
export interface LegInput {
  price: string;
  count: string;
}

const PRICE = /^0?\.\d{1,4}$/;
const COUNT = /^\d{1,7}(\.\d{1,2})?$/;

/** What is wrong with a price in dollars per contract, or `null`. */
export function priceProblem(text: string): string | null {
  if (!PRICE.test(text) || Number(text) <= 0)
    return `${invalid(text)}Enter a price from 0.0001 to 0.9999 dollars.`;
  return null;
}

/** What is wrong with a number of contracts of `leg`, or `null`. */
export function countProblem(text: string, leg: Position): string | null {
  const most = sellable(leg);
  if (!COUNT.test(text) || Number(text) <= 0)
    return `${invalid(text)}Enter a number of contracts, at most ${most}.`;
  if (Number(text) > Number(most))
    return `${text} is more than the ${most} contracts available to sell.`;
  return null;
}

const invalid = (text: string) => (text === "" ? "" : `${text} is not valid. `);

/** Contracts held and not in sell orders already. Both have two decimals at most, so hundredths are exact. */
export function sellable(leg: Position): string {
  const hundredths =
    Math.round(Number(leg.open_count) * 100) - Math.round(Number(leg.on_sale) * 100);
  return String(Math.max(0, hundredths) / 100);
}

/** The suggested limit price: the current bid, or the average price paid where there is no bid. */
export const firstPrice = (leg: Position): string => trimmed(leg.bid ?? leg.average_price);

const trimmed = (decimal: string): string => {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return `${whole}.${fraction.slice(0, 4).replace(/0+$/, "").padEnd(2, "0")}`;
};

/** One request for all legs: the path names the first, the body the others. */
export function sellRequest(
  legs: readonly { leg: Position; input: LegInput }[],
  waits: boolean,
  confirm: boolean,
): Schemas["SellRequest"] {
  const [first, ...others] = legs;
  if (first === undefined) throw new Error("a sale needs a leg");
  return {
    limit_price: first.input.price,
    count: first.input.count,
    other_legs: others.map(({ leg, input }) => ({
      trade_id: leg.trade_id,
      limit_price: input.price,
      count: input.count,
    })),
    waits,
    reason: "manual sale",
    confirm,
  };
}
