"use client";

import type { ReactNode } from "react";
import { Histogram, ReliabilityChart } from "@/components/charts/calibration-charts";
import { Panel } from "@/components/live/panel";
import { Count, Num, Temperature } from "@/components/ui/figures";
import { api, useAnswer } from "@/lib/api";
import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";

const ENOUGH_DAYS = 30;

/** How good the forecasts have been: against what came, and against the market. */
export function Calibration({ city }: { city: string | null }) {
  const slice = useAnswer(city === null ? null : `calibration ${city}`, () =>
    api.GET("/api/calibration/{city}", { params: { path: { city: city ?? "" } } }),
  );
  return (
    <Panel title={`Calibration${city === null ? "" : ` · ${city}`}`} slice={slice}>
      {({ records, verification }) => (
        <div className="grid gap-3 p-3 text-xs">
          <Learned record={records.at(-1)} />
          <Score verification={verification} />
          {verification.days > 0 && (
            <div className="grid grid-cols-2 gap-3">
              <Chart title="Reliability">
                <ReliabilityChart points={verification.reliability} />
              </Chart>
              <Chart title="PIT, flat is calibrated">
                <Histogram counts={verification.pit} />
              </Chart>
            </div>
          )}
        </div>
      )}
    </Panel>
  );
}

function Learned({ record }: { record: Schemas["CalibrationView"] | undefined }) {
  if (record === undefined)
    return <p className="text-dim">Nothing learned yet: no day has settled.</p>;
  return (
    <p>
      {record.model} {record.version}: bias <Temperature value={record.bias_f} signed digits={2} />,
      σ × <Num value={record.sigma_scale} />, from <Count value={record.days} /> settled days
      {record.as_of !== null && `, last ${format.day(record.as_of)}`}
    </p>
  );
}

/** The model's Brier score beside the market's, with the interval and how many days it rests on. */
function Score({ verification }: { verification: Schemas["Verification"] }) {
  const { days, model_brier, market_brier, difference } = verification;
  if (days === 0 || difference === null)
    return <p className="text-dim">No settled day to be judged by yet (n = 0).</p>;
  const isClear = difference.low !== null && difference.high !== null;
  return (
    <p>
      Brier score: model <Num value={model_brier} digits={3} className="text-model" />, market{" "}
      <Num value={market_brier} digits={3} className="text-market" />, difference{" "}
      <Num value={difference.estimate} digits={3} signed />
      {isClear && (
        <>
          {" "}
          (95 % <Num value={difference.low} digits={3} signed /> to{" "}
          <Num value={difference.high} digits={3} signed />)
        </>
      )}
      , n = {days} city-days.{" "}
      <span className="text-dim">
        {days < ENOUGH_DAYS ? "Too few days to say anything." : verdict(difference)}
      </span>
    </p>
  );
}

function verdict({ low, high }: Schemas["Bounds"]): string {
  if (low !== null && low > 0) return "The market forecasts better.";
  if (high !== null && high < 0) return "The model forecasts better.";
  return "No difference that chance does not explain.";
}

const Chart = ({ title, children }: { title: string; children: ReactNode }) => (
  <figure className="min-w-0">
    <figcaption className="label pb-1">{title}</figcaption>
    {children}
  </figure>
);
