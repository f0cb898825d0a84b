"use client";

import type { ReactNode } from "react";
import { Histogram, ReliabilityChart } from "@/components/charts/calibration-charts";
import { Panel } from "@/components/live/panel";
import { Count, Num, Temperature } from "@/components/ui/figures";
import { api, useQuery } from "@/lib/api";
import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";

const ENOUGH_DAYS = 30;

/** How good the forecasts have been: predicted against realised, and model against market. */
export function Calibration({ city }: { city: string | null }) {
  const slice = useQuery(city === null ? null : `calibration ${city}`, () =>
    api.GET("/api/calibration/{city}", { params: { path: { city: city ?? "" } } }),
  );
  return (
    <Panel title={`Calibration${city === null ? "" : ` · ${city}`}`} slice={slice}>
      {({ records, verification }) => (
        <div className="grid gap-3 p-3 text-xs">
          <Correction record={records.at(-1)} />
          <Score verification={verification} />
          {verification.days > 0 && (
            <div className="grid grid-cols-2 gap-3">
              <Chart title="Reliability">
                <ReliabilityChart points={verification.reliability} />
              </Chart>
              <Chart title="PIT histogram (flat: calibrated)">
                <Histogram counts={verification.pit} />
              </Chart>
            </div>
          )}
        </div>
      )}
    </Panel>
  );
}

function Correction({ record }: { record: Schemas["CalibrationView"] | undefined }) {
  if (record === undefined)
    return <p className="text-dim">Not calibrated yet: no day has settled.</p>;
  return (
    <p>
      {record.model} {record.version}: bias <Temperature value={record.bias_f} signed digits={2} />,
      σ × <Num value={record.sigma_scale} />, from <Count value={record.days} /> settled days
      {record.as_of !== null && `, last ${format.day(record.as_of)}`}
    </p>
  );
}

/** The Brier scores of model and market, with the confidence interval and the number of days. */
function Score({ verification }: { verification: Schemas["Verification"] }) {
  const { days, model_brier, market_brier, difference } = verification;
  if (days === 0 || difference === null)
    return <p className="text-dim">No score yet: no day has settled (n = 0).</p>;
  const isClear = difference.low !== null && difference.high !== null;
  return (
    <p>
      Brier score: model <Num value={model_brier} digits={3} className="text-model" />, market{" "}
      <Num value={market_brier} digits={3} className="text-market" />, difference{" "}
      <Num value={difference.estimate} digits={3} signed />
      {isClear && (
        <>
          {" "}
          (95 % CI <Num value={difference.low} digits={3} signed /> to{" "}
          <Num value={difference.high} digits={3} signed />)
        </>
      )}
      , n = {days} city-days.{" "}
      <span className="text-dim">
        {days < ENOUGH_DAYS ? "Too few days for a conclusion." : verdict(difference)}
      </span>
    </p>
  );
}

function verdict({ low, high }: Schemas["Bounds"]): string {
  if (low !== null && low > 0) return "The market predicts better.";
  if (high !== null && high < 0) return "The model predicts better.";
  return "The difference is not statistically significant.";
}

const Chart = ({ title, children }: { title: string; children: ReactNode }) => (
  <figure className="min-w-0">
    <figcaption className="label pb-1">{title}</figcaption>
    {children}
  </figure>
);
