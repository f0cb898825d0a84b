"use client";

import clsx from "clsx";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import { Money } from "@/components/ui/figures";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

const TONES: Record<Schemas["Severity"], string> = {
  info: "",
  warning: "text-risk",
  danger: "text-loss",
};

/** What the trader did and received, newest first. The list scrolls, so it takes keyboard focus. */
export function Activity() {
  return (
    <Panel title="Activity" slice={useTopic("activity")} empty="No activity yet.">
      {(items) => (
        <ol tabIndex={0} aria-label="Activity, newest first" className="max-h-96 overflow-y-auto">
          {items.toReversed().map((item) => (
            <Item key={`${item.seq} ${item.kind} ${item.ticker} ${item.text}`} item={item} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Item({ item }: { item: Schemas["ActivityItem"] }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 border-line border-b px-3 py-1 text-xs last:border-0">
      <Instant at={item.at} className="text-dim" />
      <span className="label w-14">{item.kind}</span>
      <span className="figure text-dim">{item.ticker ?? item.city}</span>
      <span className={clsx("min-w-0", TONES[item.level])}>{item.text}</span>
      {item.amount && <Money value={item.amount} toned className="ml-auto" />}
    </li>
  );
}
