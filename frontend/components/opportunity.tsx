"use client";

import clsx from "clsx";
import { useState } from "react";
import { Count, Money, Percent, Price } from "@/components/ui/figures";
import { Tag } from "@/components/ui/tag";
import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";

type View = Schemas["OpportunityView"];

/**
 * One opportunity: a line of figures, and when opened every check with its figure and its limit.
 * Checks of a closed one are not rendered: they would be three quarters of the page's elements.
 */
export function Opportunity({ opportunity: one }: { opportunity: View }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li className="border-line border-b last:border-0">
      <details className="group" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary className="grid grid-cols-[minmax(8rem,1.4fr)_minmax(6rem,2fr)_repeat(3,minmax(4rem,1fr))_minmax(5rem,1.2fr)] items-center gap-x-3 px-3 py-1 text-xs hover:bg-raised max-sm:grid-cols-[1fr_auto_auto]">
          <span className="min-w-0">
            <span className="figure font-medium">
              {one.city} {named(one)}
            </span>{" "}
            <span className="whitespace-nowrap text-dim">{format.day(one.climate_day)}</span>
          </span>
          {one.strategy === "ladder" ? (
            <span className="text-dim max-sm:hidden">{ordered(one)}</span>
          ) : (
            <EdgeBar fair={one.combined_probability} ask={one.total_ask} />
          )}
          <Labelled label="ask" className="max-sm:hidden">
            <Price value={one.total_ask} />
          </Labelled>
          <Labelled label="net">
            <Price value={one.net_edge} digits={1} toned />
          </Labelled>
          <Labelled label="EV" className="max-sm:hidden">
            <Price value={one.ev} digits={1} toned />
          </Labelled>
          <span className="text-right">
            {one.is_approved ? (
              <Tag tone="gain">approved</Tag>
            ) : (
              <Tag tone="plain">
                why not<span aria-hidden> ({one.failed.length})</span>
              </Tag>
            )}
          </span>
        </summary>
        {isOpen && <Details opportunity={one} />}
      </details>
    </li>
  );
}

/** The bins of it, NO where it is NO that would be bought; a ladder is all of its bins. */
const named = (one: View) =>
  one.strategy === "ladder"
    ? "ladder"
    : one.legs.map((leg) => (leg.side === "no" ? `NO ${leg.bin.label}` : leg.bin.label)).join(" + ");

/** How many contracts of either side a ladder was ordered. */
function ordered(one: View) {
  const count = (side: string) =>
    one.orders
      .filter((order) => order.side === side)
      .reduce((sum, order) => sum + Number(order.count), 0);
  return one.orders.length === 0 ? "nothing to buy" : `${count("yes")} YES · ${count("no")} NO`;
}

const Labelled = ({
  label,
  className,
  children,
}: {
  label: string;
  className?: string;
  children: React.ReactNode;
}) => (
  <span className={clsx("whitespace-nowrap text-right", className)}>
    <span className="text-2xs text-dim">{label}</span> {children}
  </span>
);

/** The model's probability as a bar with the ask as a mark: the bar beyond the mark is the edge. */
function EdgeBar({ fair, ask }: { fair: number; ask: string | null }) {
  const price = ask === null ? null : Number(ask);
  const isCheap = price !== null && fair > price;
  return (
    <span
      role="img"
      aria-label={`Model ${format.percent(fair)}, ask ${price === null ? "none" : format.price(price)}`}
      className="relative block h-3 bg-raised max-sm:hidden"
    >
      <span
        className={clsx("absolute inset-y-0 left-0", isCheap ? "bg-model" : "bg-edge")}
        style={{ width: `${Math.min(fair, 1) * 100}%` }}
      />
      {price !== null && (
        <span
          className="absolute -inset-y-0.5 w-0.5 bg-market"
          style={{ left: `calc(${Math.min(price, 1) * 100}% - 1px)` }}
        />
      )}
    </span>
  );
}

/** Every order of a ladder: side, bin, count and price of its own side. */
function Orders({ opportunity: one }: { opportunity: View }) {
  const labels = new Map(one.legs.map((leg) => [leg.ticker, leg.bin.label]));
  return one.orders.map((order) => (
    <span key={`${order.ticker} ${order.side} ${order.price}`} className="text-text">
      buy <Count value={order.count} /> {order.side.toUpperCase()} {labels.get(order.ticker)} at{" "}
      <Price value={order.price} />
    </span>
  ));
}

function Details({ opportunity: one }: { opportunity: View }) {
  const checks = one.gates.toSorted((a, b) => Number(a.passed) - Number(b.passed));
  return (
    <div className="grid gap-2 bg-ground px-3 py-2 text-xs">
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-dim">
        {one.strategy === "ladder" ? (
          <Orders opportunity={one} />
        ) : (
          <>
            <span>
              model <Percent value={one.combined_probability} className="text-text" />
            </span>
            <span>
              profit if it wins <Price value={one.profit_if_hit} className="text-text" />
            </span>
            {one.is_approved && (
              <span>
                <Count value={one.count} className="text-text" /> contracts per leg, cost limit{" "}
                <Money value={one.cost_limit} className="text-text" />
              </span>
            )}
          </>
        )}
        {one.legs.map((leg) => (
          <span key={leg.ticker}>
            {leg.side === "no" && "NO "}
            {leg.bin.label}: <Percent value={leg.fair} className="text-text" /> at{" "}
            <Price value={leg.bid} className="text-text" />–
            <Price value={leg.ask} className="text-text" />
          </span>
        ))}
      </p>
      <table className="w-full max-w-xl">
        <caption className="sr-only">
          Checks of {one.legs.map((leg) => leg.ticker).join(", ")}
        </caption>
        <tbody>
          {checks.map((check, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: one rule may look at each leg
            <tr key={`${check.rule} ${index}`} className={check.passed ? "text-dim" : "text-loss"}>
              <th scope="row" className="py-0.5 pr-3 text-left font-normal">
                <span aria-hidden>{check.passed ? "✓" : "✗"}</span>{" "}
                <span className="sr-only">{check.passed ? "passed:" : "failed:"}</span>
                {check.rule.replaceAll("_", " ")}
              </th>
              <td className="figure py-0.5 pr-3">{check.figure}</td>
              <td className="figure py-0.5">{check.limit}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
