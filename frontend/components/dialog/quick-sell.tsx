"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Count, Price } from "@/components/ui/figures";
import { api } from "@/lib/api";
import { useCommand } from "@/lib/command";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";
import { LIVE_CONFIRMATION, LiveConfirmation, useIsLive } from "./fields";
import { CommandProgress } from "./progress";

/** Cancels a trade's working orders immediately; what has filled stays open as a position. */
export function QuickSell({ trade_id }: { trade_id: string }) {
  const orders = useTopic("orders").data ?? [];
  // As they were when the dialog opened: the outcome stays readable when the order is gone.
  const [working] = useState(() =>
    orders.filter((order) => order.trade_id === trade_id && order.is_live),
  );
  if (working.length === 0) {
    return (
      <p className="px-4 py-4 text-sm">
        This trade has no working orders: everything has filled. Use a limit sell to close the
        position.
      </p>
    );
  }
  return working.map((order) => <WorkingOrder key={order.intent_id} order={order} />);
}

function WorkingOrder({ order }: { order: Schemas["OrderView"] }) {
  const { progress, send, reset } = useCommand<Schemas["CancelOutcome"]>();
  const [confirmation, setConfirmation] = useState("");
  const isLive = useIsLive();
  const isReady = progress.stage === "editing" && (!isLive || confirmation === LIVE_CONFIRMATION);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) send((key) => cancelOrder(order.intent_id, key, isLive));
      }}
    >
      <div className="grid gap-3 px-4 py-4 text-sm">
        <p>
          <Count value={order.pending} /> of <Count value={order.count} /> contracts are working at{" "}
          <Price value={order.limit_price} />. Cancelling removes them from the book immediately,
          with no profit or loss.{" "}
          {order.bracket_id !== null && "The bracket's other entry orders are cancelled too. "}
          {Number(order.filled) > 0 && (
            <strong>
              <Count value={order.filled} /> have already filled and stay open as a position.
            </strong>
          )}
        </p>
        <LiveConfirmation value={confirmation} onChange={setConfirmation} />
        <Button type="submit" tone="danger" disabled={!isReady} className="justify-self-start">
          Cancel order
        </Button>
      </div>
      <CommandProgress progress={progress} onEdit={reset} />
    </form>
  );
}

const cancelOrder = (order_id: string, key: string, confirm: boolean) =>
  api.DELETE("/api/orders/{order_id}", {
    params: {
      path: { order_id },
      query: { confirm },
      header: { "Idempotency-Key": key },
    },
  });
