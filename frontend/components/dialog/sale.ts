import type { Schemas } from "@/lib/types";

type Position = Schemas["Position"];

/** What a person wants of one leg, as typed. */
export interface LegWish {
  price: string;
  count: string;
}

const PRICE = /^0?\.\d{1,4}$/;
const COUNT = /^\d{1,7}(\.\d{1,2})?$/;

/** What is wrong with a price in dollars per contract; `null` where nothing is. */
export function priceProblem(text: string): string | null {
  if (!PRICE.test(text) || Number(text) <= 0)
    return `${text || "Nothing"} is no price: from 0.0001 to 0.9999 dollars.`;
  return null;
}

/** What is wrong with a number of contracts of `leg`; `null` where nothing is. */
export function countProblem(text: string, leg: Position): string | null {
  const most = sellable(leg);
  if (!COUNT.test(text) || Number(text) <= 0)
    return `${text || "Nothing"} is no number of contracts.`;
  if (Number(text) > Number(most)) return `${text} is more than the ${most} that can be sold.`;
  return null;
}

/** Contracts held and not on sale already. Both have two decimals at most, so hundredths are exact. */
export function sellable(leg: Position): string {
  const hundredths =
    Math.round(Number(leg.open_count) * 100) - Math.round(Number(leg.on_sale) * 100);
  return String(Math.max(0, hundredths) / 100);
}

/** Where a sale starts from: what is bid now, else what was paid. */
export const firstPrice = (leg: Position): string => trimmed(leg.bid ?? leg.average_price);

const trimmed = (decimal: string): string => {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return `${whole}.${fraction.slice(0, 4).replace(/0+$/, "").padEnd(2, "0")}`;
};

/** The legs as one wish: the first is named in the address, the others go with it. */
export function toWish(
  legs: readonly { leg: Position; wish: LegWish }[],
  waits: boolean,
  confirm: boolean,
): Schemas["SellWish"] {
  const [first, ...others] = legs;
  if (first === undefined) throw new Error("a sale of nothing");
  return {
    limit_price: first.wish.price,
    count: first.wish.count,
    other_legs: others.map(({ leg, wish }) => ({
      trade_id: leg.trade_id,
      limit_price: wish.price,
      count: wish.count,
    })),
    waits,
    reason: "sold by hand",
    confirm,
  };
}
