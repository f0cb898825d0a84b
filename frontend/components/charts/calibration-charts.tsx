import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";

const SIZE = 160;

/** What was forecast against how often it came; on the diagonal forecasts keep their word. */
export function ReliabilityChart({ points }: { points: Schemas["ReliabilityPoint"][] }) {
  const most = Math.max(1, ...points.map((point) => point.count));
  return (
    <svg
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      role="img"
      aria-label={points
        .map(
          (point) =>
            `forecast ${format.percent(point.forecast)}, came ${format.percent(point.observed)}, n ${point.count}`,
        )
        .join("; ")}
      className="aspect-square w-full max-w-60 bg-ground"
    >
      <line x1={0} y1={SIZE} x2={SIZE} y2={0} stroke="var(--color-edge)" strokeDasharray="3 3" />
      {points.map((point) => (
        <circle
          key={point.low}
          cx={point.forecast * SIZE}
          cy={(1 - point.observed) * SIZE}
          r={2 + 5 * Math.sqrt(point.count / most)}
          fill="var(--color-model)"
          fillOpacity={0.7}
        >
          <title>{`n = ${point.count}`}</title>
        </circle>
      ))}
    </svg>
  );
}

/** Counts side by side; the dashed line is where all would stand if they were equal. */
export function Histogram({ counts }: { counts: number[] }) {
  const most = Math.max(1, ...counts);
  const even = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  const width = SIZE / Math.max(1, counts.length);
  return (
    <svg
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      role="img"
      aria-label={`Days per tenth: ${counts.join(", ")}`}
      className="aspect-square w-full max-w-60 bg-ground"
    >
      {counts.map((count, place) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a tenth is
          key={place}
          x={place * width + 1}
          width={width - 2}
          y={SIZE - (count / most) * (SIZE - 8)}
          height={(count / most) * (SIZE - 8)}
          fill="var(--color-model)"
          fillOpacity={0.6}
        />
      ))}
      <line
        x1={0}
        x2={SIZE}
        y1={SIZE - (even / most) * (SIZE - 8)}
        y2={SIZE - (even / most) * (SIZE - 8)}
        stroke="var(--color-edge)"
        strokeDasharray="3 3"
      />
    </svg>
  );
}
