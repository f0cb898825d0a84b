"use client";

import { Button } from "@/components/ui/button";
import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";
import { type CloseRequest, useCloseDialog } from "./close-dialog";

/** CLOSE on a position: cancel its working orders, or sell it with a limit order. */
export function CloseButton({ position }: { position: Schemas["Position"] }) {
  const name = `${position.city} ${position.bin ?? position.ticker}`;
  return (
    <OpenButton
      text="CLOSE"
      title={`Close ${name}`}
      description={`${format.count(position.open_count)} contracts for ${format.day(position.climate_day)}, ${position.ticker}`}
      trade_id={position.trade_id}
      position={position}
    />
  );
}

/** CANCEL on a working order. */
export function CancelOrderButton({ order }: { order: Schemas["OrderView"] }) {
  return (
    <OpenButton
      text="CANCEL"
      title={`Cancel order ${order.ticker}`}
      description={`${format.count(order.pending)} of ${format.count(order.count)} contracts working at ${format.price(order.limit_price)}`}
      trade_id={order.trade_id}
      position={null}
    />
  );
}

function OpenButton({ text, ...request }: Omit<CloseRequest, "opener"> & { text: string }) {
  const openDialog = useCloseDialog();
  return (
    <Button
      small
      aria-label={request.title}
      aria-haspopup="dialog"
      onClick={(event) => openDialog({ ...request, opener: event.currentTarget })}
    >
      {text}
    </Button>
  );
}
