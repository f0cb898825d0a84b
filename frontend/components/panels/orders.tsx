"use client";

import { CloseOrderButton } from "@/components/dialog/close-button";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import { Count, Price } from "@/components/ui/figures";
import { Cell, type Head, Row, Table } from "@/components/ui/table";
import { Tag } from "@/components/ui/tag";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type Order = Schemas["OrderView"];

const HEAD: Head = [
  ["Since", "left"],
  ["Market", "left"],
  ["Order", "left"],
  ["Filled", "right"],
  ["State", "left"],
  ["Close", "left"],
];

/** Orders that may still trade, and those of which we do not know. */
export function Orders() {
  const { data, ...slice } = useTopic("orders");
  const live = data === null ? null : data.filter((order) => order.is_live);
  if (live !== null && live.length === 0) return null;
  return (
    <Panel title="Orders under way" slice={{ ...slice, data: live }}>
      {(orders) => (
        <Table label="Orders under way" head={HEAD}>
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
        <Tag tone={order.state === "unknown" ? "risk" : "plain"}>{order.state}</Tag>
      </Cell>
      <Cell sticky>
        <CloseOrderButton order={order} />
      </Cell>
    </Row>
  );
}
