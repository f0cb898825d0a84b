"use client";

import {
  Area,
  AreaChart,
  ReferenceDot,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import * as format from "@/lib/format";
import { useZone } from "@/lib/time";
import type { Schemas } from "@/lib/types";

interface Props {
  points: Schemas["EquityPoint"][];
  marks: Schemas["SwitchMark"][];
  starting_balance: number;
}

const AXIS = { fill: "var(--color-dim)", fontSize: 11, fontFamily: "var(--font-mono)" };

/** Equity over time in dollars, with a mark where the kill switch was triggered. */
export default function EquityChart({ points, marks, starting_balance }: Props) {
  const zone = useZone();
  const curve = points.map((point) => ({
    at_ms: Date.parse(point.at),
    equity: Number(point.equity),
  }));
  const last = curve.at(-1)?.equity ?? starting_balance;
  const values = curve.map((point) => point.equity);
  const digits = Math.max(...values) - Math.min(...values) < 10 ? 2 : 0;
  const tone = last >= starting_balance ? "var(--color-gain)" : "var(--color-loss)";
  return (
    <figure className="h-56 px-1 pt-2">
      <figcaption className="sr-only">
        {points.length} points, from {format.money(String(curve[0]?.equity ?? starting_balance))} to{" "}
        {format.money(String(last))}; kill switch events: {marks.length}.
      </figcaption>
      <ResponsiveContainer width="100%" height="100%">
        <AreaChart
          data={curve}
          margin={{ top: 4, right: 44, bottom: 0, left: 0 }}
          accessibilityLayer={false}
        >
          <XAxis
            dataKey="at_ms"
            type="number"
            scale="time"
            domain={["dataMin", "dataMax"]}
            tickFormatter={(at_ms: number) => format.instant(at_ms, zone)}
            tick={AXIS}
            stroke="var(--color-line)"
            minTickGap={60}
          />
          <YAxis
            domain={["auto", "auto"]}
            width={76}
            tickFormatter={(dollars: number) => format.money(String(dollars), { digits })}
            tick={AXIS}
            stroke="var(--color-line)"
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: "var(--color-edge)" }}
            contentStyle={{
              background: "var(--color-raised)",
              border: "1px solid var(--color-edge)",
            }}
            labelFormatter={(at_ms) => format.instant(Number(at_ms), zone)}
            formatter={(dollars) => [format.money(String(dollars)), "equity"]}
          />
          <ReferenceLine y={starting_balance} stroke="var(--color-edge)" strokeDasharray="3 3" />
          <Area
            dataKey="equity"
            type="stepAfter"
            stroke={tone}
            fill={tone}
            fillOpacity={0.12}
            strokeWidth={1.5}
            dot={false}
            isAnimationActive={false}
          />
          {marks
            .filter((mark) => mark.state !== "run")
            .map((mark) => (
              <ReferenceDot
                key={mark.at}
                x={Date.parse(mark.at)}
                y={equityAt(curve, Date.parse(mark.at), starting_balance)}
                r={4}
                fill="var(--color-risk)"
                stroke="var(--color-ground)"
                ifOverflow="extendDomain"
              />
            ))}
        </AreaChart>
      </ResponsiveContainer>
    </figure>
  );
}

const equityAt = (
  curve: { at_ms: number; equity: number }[],
  at_ms: number,
  before: number,
): number => curve.findLast((point) => point.at_ms <= at_ms)?.equity ?? before;
