"use client";

import { CancelOrderButton } from "@/components/dialog/close-button";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import { Count, Price } from "@/components/ui/figures";
import { Cell, type Head, Row, Table } from "@/components/ui/table";
import { Tag } from "@/components/ui/tag";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type Order = Schemas["OrderView"];

const HEAD: Head = [
  ["Created", "left"],
  ["Market", "left"],
  ["Order", "left"],
  ["Filled", "right"],
  ["State", "left"],
  ["Cancel", "left"],
];

/** Orders in the book, and orders that wait for the exchange's confirmation. */
export function WorkingOrders() {
  const { data, ...slice } = useTopic("orders");
  const live = data === null ? null : data.filter((order) => order.is_live);
  if (live !== null && live.length === 0) return null;
  return (
    <Panel title="Working orders" slice={{ ...slice, data: live }}>
      {(orders) => (
        <Table label="Working orders" head={HEAD}>
          {orders.map((order) => (
            <OrderRow key={order.intent_id} order={order} />
          ))}
        </Table>
      )}
    </Panel>
  );
}

function OrderRow({ order }: { order: Order }) {
  return (
    <Row>
      <Cell>
        <Instant at={order.created_at} className="text-dim" />
      </Cell>
      <Cell>
        <span className="figure">{order.ticker}</span>
      </Cell>
      <Cell>
        {order.side} <Count value={order.count} /> at <Price value={order.limit_price} />
      </Cell>
      <Cell right>
        <Count value={order.filled} />
      </Cell>
      <Cell>
        <Tag tone={order.state === "unknown" ? "risk" : "plain"}>
          {order.state === "unknown" ? "waiting for confirmation" : order.state}
        </Tag>
      </Cell>
      <Cell sticky>
        <CancelOrderButton order={order} />
      </Cell>
    </Row>
  );
}
