"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Count, Price } from "@/components/ui/figures";
import { api } from "@/lib/api";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";
import { useWish } from "@/lib/wish";
import { LIVE_WORD, LiveWord, useIsLive } from "./fields";
import { ProgressLine } from "./progress";

/** Takes a trade's resting orders out of the book at once; what has filled stays a position. */
export function QuickSell({ trade_id }: { trade_id: string }) {
  const orders = useTopic("orders").data ?? [];
  // As they were when the dialog opened: what became of one is still to be read once it is gone.
  const [resting] = useState(() =>
    orders.filter((order) => order.trade_id === trade_id && order.is_live),
  );
  if (resting.length === 0) {
    return (
      <p className="px-4 py-4 text-sm">
        Nothing of this trade rests in the book: all of it has filled and is a position. A limit
        sell is the way to close it.
      </p>
    );
  }
  return resting.map((order) => <RestingOrder key={order.intent_id} order={order} />);
}

function RestingOrder({ order }: { order: Schemas["OrderView"] }) {
  const { progress, send, again } = useWish<Schemas["CancelOutcome"]>();
  const [word, setWord] = useState("");
  const isLive = useIsLive();
  const isReady = progress.stage === "asking" && (!isLive || word === LIVE_WORD);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) send((key) => cancelled(order.intent_id, key, isLive));
      }}
    >
      <div className="grid gap-3 px-4 py-4 text-sm">
        <p>
          <Count value={order.pending} /> of <Count value={order.count} /> contracts wait at{" "}
          <Price value={order.limit_price} />. They are taken out of the book at once, at no profit
          and no loss
          {order.bracket_id !== null && ", together with the bracket's other entries"}.{" "}
          {Number(order.filled) > 0 && (
            <strong>
              <Count value={order.filled} /> have filled already and stay a position.
            </strong>
          )}
        </p>
        <LiveWord value={word} onChange={setWord} />
        <Button type="submit" tone="danger" disabled={!isReady} className="justify-self-start">
          Take it out of the book
        </Button>
      </div>
      <ProgressLine progress={progress} onAgain={again} />
    </form>
  );
}

const cancelled = (order_id: string, key: string, confirm: boolean) =>
  api.DELETE("/api/orders/{order_id}", {
    params: {
      path: { order_id },
      query: { confirm },
      header: { "Idempotency-Key": key },
    },
  });
