import { Percent } from "@/components/ui/figures";
import { Cell, type Head, Row, Table } from "@/components/ui/table";
import * as format from "@/lib/format";
import type { Schemas } from "@/lib/types";

type Forecast = Schemas["CityForecast"];

export const MODEL_NAMES: Record<Schemas["ForecastModel"], string> = {
  seed: "Seed",
  emos: "EMOS",
  posterior: "Posterior",
};

/** Every model's probability of each bin beside the market's mid, and what the posterior consists of. */
export function ModelProbabilities({ forecast }: { forecast: Forecast }) {
  if (forecast.models.length === 0) return null;
  const head: Head = [
    ["Bin", "left"],
    ...forecast.models.map(({ model }) => [MODEL_NAMES[model], "right"] as const),
    ["Market mid", "right"],
  ];
  return (
    <section aria-label="Probabilities by model" className="border-line border-t">
      <Posterior forecast={forecast} />
      <Table label={`Probabilities by model ${forecast.event_ticker}`} head={head}>
        {forecast.bins.map((bin, index) => (
          <Row key={bin.label}>
            <Cell>
              <span className="figure">{bin.label}</span>
            </Cell>
            {forecast.models.map(({ model, fair }) => (
              <Cell key={model} right className="text-model">
                <Percent value={fair[index]} />
              </Cell>
            ))}
            <Cell right className="text-market">
              <Percent value={forecast.mid[index]} />
            </Cell>
          </Row>
        ))}
      </Table>
    </section>
  );
}

function Posterior({ forecast }: { forecast: Forecast }) {
  const { earned_weight, market_sharpening, incoherence } = forecast;
  if (earned_weight === null)
    return (
      <p className="px-3 pt-2 text-risk text-xs">
        No posterior: {incoherence || "there is none of this cycle"}.
      </p>
    );
  return (
    <p className="px-3 pt-2 text-dim text-xs">
      Our forecast has earned{" "}
      <Percent value={earned_weight} digits={earned_weight < 0.1 ? 1 : 0} className="text-model" />{" "}
      of the weight in the posterior. {sharpening(market_sharpening ?? 0)}
    </p>
  );
}

/** How the market's own prices enter the posterior, apart from our forecast. */
function sharpening(value: number): string {
  const text = format.number(value, { signed: true });
  if (Number(value.toFixed(2)) === 0) return "The market's own prices enter as quoted.";
  const how = value > 0 ? "more extreme" : "less extreme";
  return `The market's own prices enter ${how} than quoted (sharpening ${text}).`;
}
