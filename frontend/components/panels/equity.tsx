"use client";

import dynamic from "next/dynamic";
import { Panel } from "@/components/live/panel";
import { api, useAnswer } from "@/lib/api";
import { useTopic } from "@/lib/live/store";

// Recharts is most of the page's weight and below the fold: it comes after the first figures.
const EquityChart = dynamic(() => import("@/components/charts/equity-chart"), {
  ssr: false,
  loading: () => <div className="h-56" />,
});

/** What the account was worth, cycle by cycle, and when the kill switch was thrown. */
export function Equity() {
  const whole = useAnswer("equity", () => api.GET("/api/equity"));
  const live = useTopic("equity");
  return (
    <Panel
      title="Equity"
      slice={{ ...whole, at: live.data?.at(-1)?.at ?? null }}
      empty="The curve begins with the first cycle."
      isEmpty={(data) => data.points.length === 0}
    >
      {(data) => (
        <EquityChart
          points={data.points}
          marks={data.marks}
          starting_balance={Number(data.starting_balance)}
        />
      )}
    </Panel>
  );
}
