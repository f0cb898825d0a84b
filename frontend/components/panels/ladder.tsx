"use client";

import clsx from "clsx";
import { useState } from "react";
import { LadderChart } from "@/components/charts/ladder-chart";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import { ModelProbabilities } from "@/components/model-probabilities";
import { Count, Money, Num, Percent, Price, Temperature } from "@/components/ui/figures";
import { Cell, type Head, Row, Table } from "@/components/ui/table";
import { Tag } from "@/components/ui/tag";
import { api, useQuery } from "@/lib/api";
import * as format from "@/lib/format";
import { useLive } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type Day = Schemas["MarketDay"];

const HEAD: Head = [
  ["Bin", "left"],
  ["Model", "right"],
  ["Bid", "right"],
  ["Ask", "right"],
  ["Model − ask", "right"],
  ["Contracts", "right"],
  ["P&L if it wins", "right"],
];

/** One city's ladder: model probability, quotes, position and payoff of every bin. */
export function Ladder({ city }: { city: string | null }) {
  const [chosen, choose] = useState<string | null>(null);
  const slice = useQuery(city === null ? null : `markets ${city}`, () =>
    api.GET("/api/markets/{city}", { params: { path: { city: city ?? "" } } }),
  );
  const days = slice.data?.days ?? [];
  const day = days.find((one) => one.event_ticker === chosen) ?? days[0];
  return (
    <Panel
      title={`Ladder ${slice.data ? `· ${slice.data.place} (${slice.data.station})` : ""}`}
      slice={city === null ? NO_CITY : slice}
      limit_s={120}
      empty="No market for this city."
      isEmpty={(data) => data.days.length === 0}
      aside={<Days days={days} day={day} onChoose={choose} />}
    >
      {() => day && <DayView day={day} />}
    </Panel>
  );
}

const NO_CITY = { data: null, at: null, problem: "No forecast yet, so no city to show." };

function Days({
  days,
  day,
  onChoose,
}: {
  days: Day[];
  day: Day | undefined;
  onChoose: (event_ticker: string) => void;
}) {
  return days.map((one) => (
    <button
      key={one.event_ticker}
      type="button"
      aria-pressed={one === day}
      onClick={() => onChoose(one.event_ticker)}
      className={clsx(
        "figure border px-2 text-xs leading-6",
        one === day ? "border-focus bg-raised text-text" : "border-line text-dim",
      )}
    >
      {format.day(one.climate_day)}
    </button>
  ));
}

function DayView({ day }: { day: Day }) {
  return (
    <div>
      <p className="flex flex-wrap gap-x-4 gap-y-1 px-3 pt-2 text-dim text-xs">
        <span>
          <span className="text-model">■</span> model μ <Temperature value={day.forecast?.mu_f} /> σ{" "}
          <Num value={day.forecast?.sigma_f} />
        </span>
        <span>
          <span className="text-market">┃</span> market, bid to ask
        </span>
        <span>
          <span className="text-risk">┆</span> observed so far{" "}
          <Temperature value={day.observed_floor_f} digits={0} />
        </span>
        <span className="ml-auto">
          {day.is_open ? "closes" : "closed"} <Instant at={day.closes_at} /> · settled by{" "}
          {day.source}
        </span>
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: a scrolling region has no element of its own */}
      <div
        role="region"
        aria-label="Ladder chart"
        tabIndex={0}
        className="overflow-x-auto px-3 py-2"
      >
        <LadderChart day={day} />
      </div>
      <Table label={`Ladder ${day.event_ticker}`} head={HEAD}>
        {day.bins.map((row) => (
          <BinLine key={row.ticker} row={row} />
        ))}
      </Table>
      {day.forecast !== null && <ModelProbabilities forecast={day.forecast} />}
    </div>
  );
}

function BinLine({ row }: { row: Schemas["BinRow"] }) {
  // A live quote is newer than the response; a side that it does not have is gone from the book.
  const live = useLive((view) => view.state?.prices?.[row.ticker]);
  const { bid, ask } = live ?? row;
  return (
    <Row className={clsx(row.is_ruled_out && "text-dim")}>
      <Cell>
        <span className="figure">{row.bin.label}</span>{" "}
        {row.is_ruled_out && <Tag tone="risk">below the observed high</Tag>}{" "}
        {row.is_stale && live === undefined && <Tag tone="risk">stale book</Tag>}
      </Cell>
      <Cell right className="text-model">
        <Percent value={row.fair} />
      </Cell>
      <Cell right>
        <Price value={bid} />
      </Cell>
      <Cell right>
        <Price value={ask} />
      </Cell>
      <Cell right>
        <Price
          value={row.fair === null || ask === null ? null : row.fair - Number(ask)}
          digits={1}
          toned
        />
      </Cell>
      <Cell right>
        <Count value={row.held} />
      </Cell>
      <Cell right>
        <Money value={row.pnl_if_wins} toned />
      </Cell>
    </Row>
  );
}
