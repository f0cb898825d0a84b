"use client";

import clsx from "clsx";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import { Count, Money, Price } from "@/components/ui/figures";
import { Cell, type Head, Row, Table } from "@/components/ui/table";
import { Tag } from "@/components/ui/tag";
import * as format from "@/lib/format";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type Trade = Schemas["TradeView"];

const SHOWN = 50;
const HEAD: Head = [
  ["Opened", "left"],
  ["Market", "left"],
  ["Strategy", "left"],
  ["Contracts", "right"],
  ["Cost", "right"],
  ["Proceeds", "right"],
  ["Fees", "right"],
  ["Predicted edge", "right"],
  ["Realised P&L", "right"],
];

/** The last trades, newest first. An open trade has no realised P&L yet. */
export function Trades() {
  const slice = useTopic("trades");
  return (
    <Panel
      title={`Last ${SHOWN} trades`}
      slice={slice}
      empty="No trades yet."
      aside={slice.data && <Tally trades={slice.data.slice(0, SHOWN)} />}
    >
      {(trades) => (
        <div className="max-h-112 overflow-y-auto">
          <Table label="Last trades" head={HEAD}>
            {trades.slice(0, SHOWN).map((trade) => (
              <TradeRow key={trade.trade_id} trade={trade} />
            ))}
          </Table>
        </div>
      )}
    </Panel>
  );
}

/** Wins and losses of the trades listed; manual sales count in neither. */
function Tally({ trades }: { trades: Trade[] }) {
  const results = trades.flatMap((trade) =>
    trade.pnl === null || trade.by_hand ? [] : [format.sign(trade.pnl)],
  );
  const won = results.filter((sign) => sign > 0).length;
  return (
    <span className="text-dim text-xs">
      shown: <span className="text-gain">{won} won</span>,{" "}
      <span className="text-loss">{results.filter((sign) => sign < 0).length} lost</span>, n ={" "}
      {results.length}
    </span>
  );
}

function TradeRow({ trade }: { trade: Trade }) {
  const sign = trade.pnl === null ? 0 : format.sign(trade.pnl);
  return (
    <Row
      className={clsx(
        "border-l-2",
        sign > 0 ? "border-l-gain" : sign < 0 ? "border-l-loss" : "border-l-transparent",
      )}
    >
      <Cell>
        <Instant at={trade.opened_at} className="text-dim" />
      </Cell>
      <Cell>
        <span className="figure">
          {trade.city} {trade.bin ?? trade.ticker}
        </span>{" "}
        <span className="text-dim">{format.day(trade.climate_day)}</span>
      </Cell>
      <Cell>
        {trade.side === "no" && <Tag tone="risk">NO</Tag>}{" "}
        <Tag tone={trade.bracket_id === null ? "plain" : "model"}>{trade.strategy}</Tag>{" "}
        {trade.by_hand && <Tag tone="risk">manual</Tag>}
      </Cell>
      <Cell right>
        <Count value={trade.count} />
      </Cell>
      <Cell right>
        <Money value={trade.paid} />
      </Cell>
      <Cell right>
        <Money value={trade.received} />
      </Cell>
      <Cell right>
        <Money value={trade.fees} />
      </Cell>
      <Cell right>
        <Price value={trade.edge_at_entry} digits={1} />
      </Cell>
      <Cell right>
        {trade.pnl === null ? (
          <span className="text-dim">open</span>
        ) : (
          <Money value={trade.pnl} toned />
        )}
      </Cell>
    </Row>
  );
}
