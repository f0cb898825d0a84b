"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Count, Money, Price } from "@/components/ui/figures";
import { api, useQuery } from "@/lib/api";
import { useCommand } from "@/lib/command";
import * as format from "@/lib/format";
import { useLive, useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";
import { Field, LIVE_CONFIRMATION, LiveConfirmation, useIsLive } from "./fields";
import { CommandProgress } from "./progress";
import {
  countProblem,
  firstPrice,
  type LegInput,
  priceProblem,
  sellable,
  sellRequest,
} from "./sale";

type Position = Schemas["Position"];

/** Sells at a limit price, a bracket with all its legs, after a preview of the result. */
export function LimitSell({ position }: { position: Position }) {
  const positions = useTopic("positions").data?.positions ?? [position];
  const [legs] = useState(() => legsOf(position, positions));
  const [edited, setEdited] = useState<Record<string, LegInput>>({});
  const [waits, setWaits] = useState(true);
  const [confirmation, setConfirmation] = useState("");
  const isLive = useIsLive();
  const { progress, send, reset } = useCommand<Schemas["SaleOutcome"]>();

  const inputs = legs.map((leg) => ({ leg, input: edited[leg.trade_id] ?? initialInput(leg) }));
  const isValid = inputs.every(({ leg, input }) => isValidInput(input, leg));
  const isReady =
    progress.stage === "editing" && isValid && (!isLive || confirmation === LIVE_CONFIRMATION);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady)
          send((key) => sell(sellRequest(inputs, waits, isLive), position.trade_id, key));
      }}
    >
      <fieldset disabled={progress.stage !== "editing"} className="grid gap-4 px-4 py-4">
        {legs.length > 1 && (
          <p className="text-dim text-xs">Both legs of the bracket are sold together.</p>
        )}
        {inputs.map(({ leg, input }) => (
          <LegFields
            key={leg.trade_id}
            leg={leg}
            input={input}
            onChange={(next) => setEdited({ ...edited, [leg.trade_id]: next })}
          />
        ))}
        <label className="flex items-center gap-2 text-xs">
          <input
            type="checkbox"
            checked={waits}
            onChange={(event) => setWaits(event.target.checked)}
          />
          Leave the unfilled part in the book as a working order
        </label>
        <LiveConfirmation value={confirmation} onChange={setConfirmation} />
        <Button type="submit" tone="primary" disabled={!isReady} className="justify-self-start">
          Sell at limit
        </Button>
      </fieldset>
      <CommandProgress progress={progress} onEdit={reset} />
    </form>
  );
}

const legsOf = (position: Position, positions: Position[]): Position[] =>
  position.bracket_id === null
    ? [position]
    : [
        position,
        ...positions.filter(
          (one) => one.bracket_id === position.bracket_id && one.trade_id !== position.trade_id,
        ),
      ];

const isValidInput = (input: LegInput, leg: Position): boolean =>
  priceProblem(input.price) === null && countProblem(input.count, leg) === null;

const initialInput = (leg: Position): LegInput => ({
  price: firstPrice(leg),
  count: sellable(leg),
});

function LegFields({
  leg,
  input,
  onChange,
}: {
  leg: Position;
  input: LegInput;
  onChange: (input: LegInput) => void;
}) {
  return (
    <div className="grid gap-2">
      <p className="flex flex-wrap justify-between gap-2 text-sm">
        <span className="figure font-medium">{leg.bin ?? leg.ticker}</span>
        <span className="text-dim text-xs">
          <Count value={leg.open_count} /> contracts, average price{" "}
          <Price value={leg.average_price} />, bid <Price value={leg.bid} />, ask{" "}
          <Price value={leg.ask} />
        </span>
      </p>
      <div className="grid grid-cols-2 gap-3">
        <Field
          label="Limit price, dollars per contract"
          inputMode="decimal"
          value={input.price}
          problem={priceProblem(input.price)}
          onChange={(event) => onChange({ ...input, price: event.target.value.trim() })}
        />
        <Field
          label="Contracts"
          inputMode="decimal"
          value={input.count}
          problem={countProblem(input.count, leg)}
          onChange={(event) => onChange({ ...input, count: event.target.value.trim() })}
        />
      </div>
      <Preview leg={leg} input={input} />
    </div>
  );
}

/** The trader's estimate of the sale against the current book, after fees. */
function Preview({ leg, input }: { leg: Position; input: LegInput }) {
  const isValid = isValidInput(input, leg);
  const quoted_at = useLive((view) => view.state?.prices?.[leg.ticker]?.book_at ?? "");
  const { data, problem } = useQuery(
    isValid ? `preview ${leg.trade_id} ${input.price} ${input.count} ${quoted_at}` : null,
    () =>
      api.GET("/api/positions/{trade_id}/preview", {
        params: {
          path: { trade_id: leg.trade_id },
          query: { limit_price: input.price, count: input.count },
        },
      }),
  );
  if (!isValid) return null;
  if (data === null) return <p className="text-dim text-xs">{problem ?? "Loading preview…"}</p>;
  return (
    <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-0.5 border border-line bg-ground px-3 py-2 text-xs">
      <dt>
        Fills immediately: <Count value={data.fills_now} /> of <Count value={data.count} />
        {data.vwap !== null && (
          <>
            {" "}
            at <Price value={data.vwap} /> on average, fee <Money value={data.fee_now} digits={4} />
          </>
        )}
      </dt>
      <dd>
        <Money value={data.pnl_now} toned />
      </dd>
      <dt>P&L if all contracts sell at the limit price, after fees</dt>
      <dd>
        <Money value={data.pnl_all_at_limit} toned />
      </dd>
      <dt>
        If held to settlement: pays <Money value={leg.payoff_if_won} /> if it wins, otherwise
        nothing
      </dt>
      <dd>
        {leg.fair === null
          ? "no model probability"
          : `model ${format.percent(leg.fair, { digits: 0 })}`}
      </dd>
    </dl>
  );
}

const sell = (request: Schemas["SellRequest"], trade_id: string, key: string) =>
  api.POST("/api/positions/{trade_id}/sell", {
    params: { path: { trade_id }, header: { "Idempotency-Key": key } },
    body: request,
  });
