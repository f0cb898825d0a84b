import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";

const SIZE = 160;

/** Predicted probability against realised frequency; a calibrated forecast is on the diagonal. */
export function ReliabilityChart({ points }: { points: Schemas["ReliabilityPoint"][] }) {
  const most = Math.max(1, ...points.map((point) => point.count));
  return (
    <svg
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      role="img"
      aria-label={points
        .map(
          (point) =>
            `predicted ${format.percent(point.forecast)}, realised ${format.percent(point.observed)}, n ${point.count}`,
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

/** Counts as bars; the dashed line is their height if all were equal. */
export function Histogram({ counts }: { counts: number[] }) {
  const most = Math.max(1, ...counts);
  const even = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  const width = SIZE / Math.max(1, counts.length);
  return (
    <svg
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      role="img"
      aria-label={`Days per PIT decile: ${counts.join(", ")}`}
      className="aspect-square w-full max-w-60 bg-ground"
    >
      {counts.map((count, index) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a decile is its index
          key={index}
          x={index * width + 1}
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
