"use client";

import { CloseButton } from "@/components/dialog/close-button";
import { Panel } from "@/components/live/panel";
import { Age } from "@/components/live/times";
import { Count, Money, Percent, Price } from "@/components/ui/figures";
import { Cell, type Head, Row, Table } from "@/components/ui/table";
import { Tag } from "@/components/ui/tag";
import * as format from "@/lib/format";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type Position = Schemas["Position"];

const HEAD: Head = [
  ["Market", "left"],
  ["Contracts", "right"],
  ["Avg price", "right"],
  ["Bid", "right"],
  ["Exit value", "right"],
  ["Unrealised", "right"],
  ["Payout", "right"],
  ["Model", "right"],
  ["Book age", "right"],
  ["Close", "left"],
];

/** Open positions, valued at what selling all of them into the book would bring now. */
export function Positions() {
  const slice = useTopic("positions");
  return (
    <Panel
      title="Open positions"
      slice={slice}
      empty="No open positions."
      isEmpty={(data) => data.positions.length === 0}
      aside={
        slice.data && (
          <span className="text-dim text-xs">
            cost <Money value={slice.data.total_cost} /> · unrealised{" "}
            <Money value={slice.data.total_unrealised} toned />
          </span>
        )
      }
    >
      {({ positions }) => (
        <Table label="Open positions" head={HEAD}>
          {positions.map((position) => (
            <PositionRow key={position.trade_id} position={position} />
          ))}
        </Table>
      )}
    </Panel>
  );
}

function PositionRow({ position }: { position: Position }) {
  return (
    <Row>
      <Cell>
        <span className="figure font-medium">
          {position.city} {position.bin ?? position.ticker}
        </span>{" "}
        <span className="text-dim">{format.day(position.climate_day)}</span>{" "}
        {position.side === "no" && <Tag tone="risk">NO</Tag>}{" "}
        <Tag tone={position.bracket_id === null ? "plain" : "model"}>{position.strategy}</Tag>
      </Cell>
      <Cell right>
        <Count value={position.open_count} />
        {Number(position.on_sale) > 0 && (
          <span className="text-risk">
            {" "}
            (<Count value={position.on_sale} /> in sell orders)
          </span>
        )}
      </Cell>
      <Cell right>
        <Price value={position.average_price} />
      </Cell>
      <Cell right>
        <Price value={position.bid} />
      </Cell>
      <Cell right>
        <Money value={position.liquidation_value} />
      </Cell>
      <Cell right>
        <Money value={position.unrealised} toned />
      </Cell>
      <Cell right>
        <Money value={position.payoff_if_won} />
      </Cell>
      <Cell right>
        <Percent value={position.fair} digits={0} />
      </Cell>
      <Cell right className={position.is_stale ? "text-risk" : undefined}>
        {position.is_stale && "stale "}
        <Age at={position.book_at} limit_s={300} className="text-2xs" />
      </Cell>
      <Cell sticky>
        <CloseButton position={position} />
      </Cell>
    </Row>
  );
}
