import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";
import { edgesOf, ladderScale, type Scale } from "./ladder-scale";

type Day = Schemas["MarketDay"];
type BinRow = Schemas["BinRow"];

const WIDTH = 720;
const PROBABILITY = { top: 14, height: 130 };
const PAYOFF = { top: 178, height: 54 };
const HEIGHT = 252;

/**
 * A ladder on its temperature axis: the model's bars, the market's bid and ask, the position, and below
 * them the payoff of each final temperature. The table beside it has the same figures.
 */
export function LadderChart({ day }: { day: Day }) {
  const scale = ladderScale(day.bins);
  const top = Math.max(0.2, ...day.bins.flatMap((row) => [row.fair ?? 0, Number(row.ask ?? 0)]));
  const most = Math.max(1, ...day.bins.map((row) => Math.abs(Number(row.pnl_if_wins))));
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label="Model probability, market prices and payoff by final temperature; the table has the same figures"
      className="w-full min-w-xl text-dim"
      fontFamily="var(--font-mono)"
      fontSize={10}
    >
      <Observed scale={scale} floor_f={day.observed_floor_f} />
      {day.bins.map((row) => (
        <Bin key={row.ticker} row={row} scale={scale} top={top} most={most} />
      ))}
      <Expected scale={scale} forecast={day.forecast} />
      <text x={0} y={PAYOFF.top - 6} fill="currentColor">
        P&L if the final high is here
      </text>
      <line
        x1={0}
        x2={WIDTH}
        y1={PAYOFF.top + PAYOFF.height / 2}
        y2={PAYOFF.top + PAYOFF.height / 2}
        stroke="var(--color-edge)"
      />
    </svg>
  );
}

function Bin({ row, scale, top, most }: { row: BinRow; scale: Scale; top: number; most: number }) {
  const [low, high] = edgesOf(row.bin).map((edge) => scale.fraction(edge) * WIDTH) as [
    number,
    number,
  ];
  const middle = (low + high) / 2;
  const y = (probability: number) => PROBABILITY.top + PROBABILITY.height * (1 - probability / top);
  const floor = PROBABILITY.top + PROBABILITY.height;
  return (
    <g opacity={row.is_ruled_out ? 0.4 : 1}>
      <line x1={low} x2={low} y1={PROBABILITY.top} y2={HEIGHT - 20} stroke="var(--color-line)" />
      {row.fair !== null && (
        <rect
          x={low + 6}
          width={Math.max(high - low - 12, 1)}
          y={y(row.fair)}
          height={floor - y(row.fair)}
          fill="var(--color-model)"
          opacity={0.55}
        />
      )}
      <Quotes middle={middle} bid={row.bid} ask={row.ask} y={y} />
      {Number(row.held) !== 0 && (
        <text x={middle} y={floor + 12} textAnchor="middle" fill="var(--color-text)">
          {Number(row.held) > 0 ? "●" : "○"} {format.count(row.held)}
        </text>
      )}
      <Payoff low={low} high={high} pnl={row.pnl_if_wins} most={most} />
      <text x={middle} y={HEIGHT - 4} textAnchor="middle" fill="currentColor">
        {row.bin.label}
      </text>
    </g>
  );
}

/** A vertical line from bid to ask with end marks; a missing side extends to the end of the scale. */
function Quotes({
  middle,
  bid,
  ask,
  y,
}: {
  middle: number;
  bid: string | null;
  ask: string | null;
  y: (probability: number) => number;
}) {
  if (bid === null && ask === null) return null;
  const ends = [bid, ask].flatMap((price) => (price === null ? [] : [y(Number(price))]));
  return (
    <g stroke="var(--color-market)" strokeWidth={2}>
      <line
        x1={middle}
        x2={middle}
        y1={bid === null ? y(0) : y(Number(bid))}
        y2={ask === null ? PROBABILITY.top : y(Number(ask))}
      />
      {ends.map((end) => (
        <line key={end} x1={middle - 9} x2={middle + 9} y1={end} y2={end} />
      ))}
    </g>
  );
}

function Payoff({
  low,
  high,
  pnl,
  most,
}: {
  low: number;
  high: number;
  pnl: string;
  most: number;
}) {
  const value = Number(pnl);
  if (value === 0) return null;
  const middle = PAYOFF.top + PAYOFF.height / 2;
  const height = (Math.abs(value) / most) * (PAYOFF.height / 2);
  return (
    <>
      <rect
        x={low + 1}
        width={high - low - 2}
        y={value > 0 ? middle - height : middle}
        height={height}
        fill={value > 0 ? "var(--color-gain)" : "var(--color-loss)"}
        opacity={0.5}
      />
      <text
        x={(low + high) / 2}
        y={value > 0 ? middle + 11 : middle - 4}
        textAnchor="middle"
        fill={value > 0 ? "var(--color-gain)" : "var(--color-loss)"}
      >
        {format.money(pnl, { signed: true })}
      </text>
    </>
  );
}

/** The highest temperature observed so far: the final high is to the right of it, barring corrections. */
function Observed({ scale, floor_f }: { scale: Scale; floor_f: number | null }) {
  if (floor_f === null) return null;
  const x = scale.fraction(floor_f - 0.5) * WIDTH;
  return (
    <g>
      <rect
        x={0}
        width={x}
        y={PROBABILITY.top}
        height={PROBABILITY.height}
        fill="var(--color-raised)"
      />
      <line
        x1={x}
        x2={x}
        y1={4}
        y2={PROBABILITY.top + PROBABILITY.height}
        stroke="var(--color-risk)"
        strokeDasharray="4 3"
      />
      <text x={Math.min(x + 4, WIDTH - 96)} y={11} fill="var(--color-risk)">
        observed {format.temperature(floor_f, { digits: 0 })}
      </text>
    </g>
  );
}

function Expected({ scale, forecast }: { scale: Scale; forecast: Day["forecast"] }) {
  if (forecast === null) return null;
  const x = scale.fraction(forecast.mu_f) * WIDTH;
  const y = PROBABILITY.top + PROBABILITY.height;
  return (
    <g>
      <path d={`M${x - 5},${y + 7} L${x},${y} L${x + 5},${y + 7} Z`} fill="var(--color-model)" />
      <title>{`μ ${format.temperature(forecast.mu_f)}`}</title>
    </g>
  );
}
