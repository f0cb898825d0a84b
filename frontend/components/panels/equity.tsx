"use client";

import dynamic from "next/dynamic";
import { Panel } from "@/components/live/panel";
import { api, useQuery } from "@/lib/api";
import { useTopic } from "@/lib/live/store";

// Recharts is most of the page's JavaScript and below the fold: it loads after the first figures.
const EquityChart = dynamic(() => import("@/components/charts/equity-chart"), {
  ssr: false,
  loading: () => <div className="h-56" />,
});

/** The account's equity, cycle by cycle, and when the kill switch was triggered. */
export function Equity() {
  const whole = useQuery("equity", () => api.GET("/api/equity"));
  const live = useTopic("equity");
  return (
    <Panel
      title="Equity"
      slice={{ ...whole, at: live.data?.at(-1)?.at ?? null }}
      empty="No data yet. The equity curve starts with the first cycle."
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
