import * as format from "@/lib/format";
import { logScale } from "./log-scale";

const WIDTH = 96;
const HEIGHT = 26;

interface Props {
  /** What the values are of: `Skill E`. */
  name: string;
  /** After each counted ladder, the oldest first. */
  values: readonly number[];
  threshold: number;
}

/** E-values on a logarithmic axis: the dashed line is the threshold, the thin one is 1, the start. */
export function EvidenceSparkline({ name, values, threshold }: Props) {
  const scale = logScale(values, threshold);
  const y = (value: number) => HEIGHT * (1 - scale.fraction(value));
  const step = WIDTH / Math.max(1, values.length);
  const points = [1, ...values].map((value, index) => `${index * step},${y(value)}`);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={described({ name, values, threshold })}
      className="h-6.5 w-24 bg-ground"
    >
      <line x1={0} x2={WIDTH} y1={y(1)} y2={y(1)} stroke="var(--color-line)" />
      <line
        data-line="threshold"
        x1={0}
        x2={WIDTH}
        y1={y(threshold)}
        y2={y(threshold)}
        stroke="var(--color-edge)"
        strokeDasharray="3 3"
      />
      {values.length > 0 && (
        <polyline
          points={points.join(" ")}
          fill="none"
          stroke="var(--color-model)"
          strokeWidth={1.5}
        />
      )}
    </svg>
  );
}

function described({ name, values, threshold }: Props): string {
  const last = values.at(-1);
  const limit = `threshold ${format.count(Math.round(threshold))}`;
  if (last === undefined) return `${name}: no settled ladder, ${limit}`;
  const low = format.eValue(Math.min(...values));
  const high = format.eValue(Math.max(...values));
  return `${name} over the last ${values.length} ladders: now ${format.eValue(last)}, lowest ${low}, highest ${high}, ${limit}`;
}
