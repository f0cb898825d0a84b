"use client";

import { Tabs } from "radix-ui";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";
import { Frame } from "./frame";
import { LimitSell } from "./limit-sell";
import { QuickSell } from "./quick-sell";

type Position = Schemas["Position"];
type Order = Schemas["OrderView"];

/** CLOSE: take what rests out of the book, or sell what is held at a limit. */
export function CloseButton({ position }: { position: Position }) {
  const name = `${position.city} ${position.bin ?? position.ticker}`;
  return (
    <CloseDialog
      title={`Close ${name}`}
      description={`${format.count(position.open_count)} contracts for ${format.day(position.climate_day)}, ${position.ticker}`}
      label={`Close ${name}`}
      trade_id={position.trade_id}
      position={position}
    />
  );
}

/** The same for an order of which nothing is held yet. */
export function CloseOrderButton({ order }: { order: Order }) {
  return (
    <CloseDialog
      title={`Close the order for ${order.ticker}`}
      description={`${format.count(order.pending)} of ${format.count(order.count)} contracts rest at ${format.price(order.limit_price)}`}
      label={`Close the order for ${order.ticker}`}
      trade_id={order.trade_id}
      position={null}
    />
  );
}

function CloseDialog({
  title,
  description,
  label,
  trade_id,
  position,
}: {
  title: string;
  description: string;
  label: string;
  trade_id: string;
  position: Position | null;
}) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Frame
      title={title}
      description={description}
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      trigger={
        <Button aria-label={label} small>
          CLOSE
        </Button>
      }
    >
      <Tabs.Root defaultValue={position === null ? "quick" : "limit"}>
        <Tabs.List aria-label="How to close" className="flex border-line border-b">
          <Tab value="quick">Quick sell</Tab>
          <Tab value="limit" disabled={position === null}>
            Limit sell
          </Tab>
        </Tabs.List>
        <Tabs.Content value="quick">
          <QuickSell trade_id={trade_id} />
        </Tabs.Content>
        {position !== null && (
          <Tabs.Content value="limit">
            <LimitSell position={position} />
          </Tabs.Content>
        )}
      </Tabs.Root>
    </Frame>
  );
}

const Tab = (props: { value: string; disabled?: boolean; children: string }) => (
  <Tabs.Trigger
    className="border-transparent border-b-2 px-4 py-2 text-dim text-sm disabled:opacity-50 data-[state=active]:border-focus data-[state=active]:text-text"
    {...props}
  />
);
