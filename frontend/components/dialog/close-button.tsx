"use client";

import { Button } from "@/components/ui/button";
import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";
import { type Subject, useClosing } from "./closing";

/** CLOSE: take what rests out of the book, or sell what is held at a limit. */
export function CloseButton({ position }: { position: Schemas["Position"] }) {
  const name = `${position.city} ${position.bin ?? position.ticker}`;
  return (
    <Opener
      title={`Close ${name}`}
      description={`${format.count(position.open_count)} contracts for ${format.day(position.climate_day)}, ${position.ticker}`}
      trade_id={position.trade_id}
      position={position}
    />
  );
}

/** The same for an order of which nothing is held yet. */
export function CloseOrderButton({ order }: { order: Schemas["OrderView"] }) {
  return (
    <Opener
      title={`Close the order for ${order.ticker}`}
      description={`${format.count(order.pending)} of ${format.count(order.count)} contracts rest at ${format.price(order.limit_price)}`}
      trade_id={order.trade_id}
      position={null}
    />
  );
}

function Opener(subject: Omit<Subject, "opener">) {
  const ask = useClosing();
  return (
    <Button
      small
      aria-label={subject.title}
      aria-haspopup="dialog"
      onClick={(event) => ask({ ...subject, opener: event.currentTarget })}
    >
      CLOSE
    </Button>
  );
}
