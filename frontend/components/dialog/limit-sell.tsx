"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Count, Money, Price } from "@/components/ui/figures";
import { api, useAnswer } from "@/lib/api";
import * as format from "@/lib/format";
import { useLive, useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";
import { useWish } from "@/lib/wish";
import { Field, LIVE_WORD, LiveWord, useIsLive } from "./fields";
import { ProgressLine } from "./progress";
import { countProblem, firstPrice, type LegWish, priceProblem, sellable, toWish } from "./sale";

type Position = Schemas["Position"];

/** Sells at a price or better, a bracket with all its legs, and says beforehand what comes of it. */
export function LimitSell({ position }: { position: Position }) {
  const positions = useTopic("positions").data?.positions ?? [position];
  const [legs] = useState(() => legsOf(position, positions));
  const [wishes, setWishes] = useState<Record<string, LegWish>>({});
  const [waits, setWaits] = useState(true);
  const [word, setWord] = useState("");
  const isLive = useIsLive();
  const { progress, send, again } = useWish<Schemas["SaleOutcome"]>();

  const wished = legs.map((leg) => ({ leg, wish: wishes[leg.trade_id] ?? firstWish(leg) }));
  const isSound = wished.every(
    ({ leg, wish }) => priceProblem(wish.price) === null && countProblem(wish.count, leg) === null,
  );
  const isReady = progress.stage === "asking" && isSound && (!isLive || word === LIVE_WORD);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) send((key) => sold(toWish(wished, waits, isLive), position.trade_id, key));
      }}
    >
      <fieldset disabled={progress.stage !== "asking"} className="grid gap-4 px-4 py-4">
        {legs.length > 1 && (
          <p className="text-dim text-xs">
            One structure: both legs of the bracket are closed together.
          </p>
        )}
        {wished.map(({ leg, wish }) => (
          <LegFields
            key={leg.trade_id}
            leg={leg}
            wish={wish}
            onChange={(next) => setWishes({ ...wishes, [leg.trade_id]: next })}
          />
        ))}
        <label className="flex items-center gap-2 text-xs">
          <input
            type="checkbox"
            checked={waits}
            onChange={(event) => setWaits(event.target.checked)}
          />
          What does not trade at once stays in the book
        </label>
        <LiveWord value={word} onChange={setWord} />
        <Button type="submit" tone="primary" disabled={!isReady} className="justify-self-start">
          Sell at this limit
        </Button>
      </fieldset>
      <ProgressLine progress={progress} onAgain={again} />
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

const firstWish = (leg: Position): LegWish => ({ price: firstPrice(leg), count: sellable(leg) });

function LegFields({
  leg,
  wish,
  onChange,
}: {
  leg: Position;
  wish: LegWish;
  onChange: (wish: LegWish) => void;
}) {
  return (
    <div className="grid gap-2">
      <p className="flex flex-wrap justify-between gap-2 text-sm">
        <span className="figure font-medium">{leg.bin ?? leg.ticker}</span>
        <span className="text-dim text-xs">
          <Count value={leg.open_count} /> held at <Price value={leg.average_price} />, bid{" "}
          <Price value={leg.bid} />, ask <Price value={leg.ask} />
        </span>
      </p>
      <div className="grid grid-cols-2 gap-3">
        <Field
          label="Limit, dollars a contract"
          inputMode="decimal"
          value={wish.price}
          problem={priceProblem(wish.price)}
          onChange={(event) => onChange({ ...wish, price: event.target.value.trim() })}
        />
        <Field
          label="Contracts"
          inputMode="decimal"
          value={wish.count}
          problem={countProblem(wish.count, leg)}
          onChange={(event) => onChange({ ...wish, count: event.target.value.trim() })}
        />
      </div>
      <Preview leg={leg} wish={wish} />
    </div>
  );
}

/** What the bot says the sale would come to, against its book as it stands; fees included. */
function Preview({ leg, wish }: { leg: Position; wish: LegWish }) {
  const isSound = priceProblem(wish.price) === null && countProblem(wish.count, leg) === null;
  const quoted_at = useLive((view) => view.state?.prices?.[leg.ticker]?.book_at ?? "");
  const { data, problem } = useAnswer(
    isSound ? `preview ${leg.trade_id} ${wish.price} ${wish.count} ${quoted_at}` : null,
    () =>
      api.GET("/api/positions/{trade_id}/preview", {
        params: {
          path: { trade_id: leg.trade_id },
          query: { limit_price: wish.price, count: wish.count },
        },
      }),
  );
  if (!isSound) return null;
  if (data === null) return <p className="text-dim text-xs">{problem ?? "Asking the book…"}</p>;
  return (
    <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-0.5 border border-line bg-ground px-3 py-2 text-xs">
      <dt>
        Fills at once: <Count value={data.fills_now} /> of <Count value={data.count} />
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
      <dt>If all of it sells at the limit, fee included</dt>
      <dd>
        <Money value={data.pnl_all_at_limit} toned />
      </dd>
      <dt>
        If it is held: pays <Money value={leg.payoff_if_won} /> where it wins, nothing otherwise
      </dt>
      <dd>{leg.fair === null ? "no model" : `model ${format.percent(leg.fair, { digits: 0 })}`}</dd>
    </dl>
  );
}

const sold = (wish: Schemas["SellWish"], trade_id: string, key: string) =>
  api.POST("/api/positions/{trade_id}/sell", {
    params: { path: { trade_id }, header: { "Idempotency-Key": key } },
    body: wish,
  });
