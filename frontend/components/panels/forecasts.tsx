"use client";

import clsx from "clsx";
import { Panel } from "@/components/live/panel";
import { Age } from "@/components/live/times";
import { Num, Price, Temperature } from "@/components/ui/figures";
import { Cell, type Head, Row, Table } from "@/components/ui/table";
import * as format from "@/lib/format";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

const HEAD: Head = [
  ["City", "left"],
  ["μ", "right"],
  ["σ", "right"],
  ["Bias", "right"],
  ["NWS", "right"],
  ["Observed", "right"],
  ["Best edge", "right"],
  ["Run", "right"],
];

/** The forecast of each city and day; selecting a city opens its ladder. */
export function Forecasts({
  city,
  onChoose,
}: {
  city: string | null;
  onChoose: (city: string) => void;
}) {
  return (
    <Panel
      title="City forecasts"
      slice={useTopic("forecasts")}
      limit_s={45 * 60}
      empty="No forecast yet. The first cycle creates them."
      isEmpty={(data) => data.cities.length === 0}
    >
      {({ cities }) => (
        <Table label="City forecasts" head={HEAD}>
          {cities.map((one) => (
            <ForecastRow
              key={one.event_ticker}
              forecast={one}
              isChosen={one.city === city}
              onChoose={onChoose}
            />
          ))}
        </Table>
      )}
    </Panel>
  );
}

function ForecastRow({
  forecast,
  isChosen,
  onChoose,
}: {
  forecast: Schemas["CityForecast"];
  isChosen: boolean;
  onChoose: (city: string) => void;
}) {
  return (
    <Row className={clsx(isChosen && "bg-raised")}>
      <Cell>
        <button
          type="button"
          aria-pressed={isChosen}
          title={`${forecast.place}, ${forecast.station}`}
          onClick={() => onChoose(forecast.city)}
          className="figure font-medium underline decoration-edge underline-offset-4 hover:decoration-text"
        >
          {forecast.city}
        </button>{" "}
        <span className="text-dim">{format.day(forecast.climate_day)}</span>
      </Cell>
      <Cell right>
        <Temperature value={forecast.mu_f} />
      </Cell>
      <Cell right>
        <Num value={forecast.sigma_f} />
      </Cell>
      <Cell right>
        <Num value={forecast.bias_f} signed digits={1} />
      </Cell>
      <Cell right>
        <Temperature value={forecast.reference_f} digits={0} />
      </Cell>
      <Cell right>
        <Temperature value={forecast.observed_floor_f} digits={0} />
      </Cell>
      <Cell right>
        <Price value={forecast.best_edge} digits={1} toned />
      </Cell>
      <Cell right>
        <span className="figure text-dim">{forecast.model}</span>{" "}
        <Age at={forecast.run_at} limit_s={14 * 3600} className="text-2xs" />
      </Cell>
    </Row>
  );
}
