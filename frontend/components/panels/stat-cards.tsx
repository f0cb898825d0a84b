"use client";

import type { ReactNode } from "react";
import { Age } from "@/components/live/times";
import { Count, Money, Percent } from "@/components/ui/figures";
import { useIsStale } from "@/lib/live/stale";
import { useTopic } from "@/lib/live/store";

/** The four headline figures: equity, total return, today's P&L and open positions. */
export function StatCards() {
  const balance = useTopic("balance");
  const today = useTopic("pnl_today").data;
  const risk = useTopic("risk").data;
  const { data, at } = balance;
  return (
    <section aria-label="Account" className="grid grid-cols-2 gap-2 lg:grid-cols-4">
      <Card title="Equity" at={at} figure={<Money value={data?.equity} />}>
        cash <Money value={data?.cash} />
      </Card>
      <Card
        title="Total return"
        at={at}
        figure={<Percent value={share(data?.total_return_percent)} toned />}
      >
        starting balance <Money value={data?.starting_balance} />
      </Card>
      <Card title="P&L today" at={at} figure={<Money value={data?.day_pnl} toned />}>
        realised <Money value={today?.realised} toned /> · <Count value={today?.wins} /> won,{" "}
        <Count value={today?.losses} /> lost
      </Card>
      <Card title="Open positions" at={at} figure={<Count value={data?.open_positions} />}>
        unrealised <Money value={data?.unrealised} toned /> · limit{" "}
        <Count value={risk?.limits.max_positions} />
      </Card>
    </section>
  );
}

const share = (percent: number | undefined) => (percent === undefined ? undefined : percent / 100);

function Card({
  title,
  at,
  figure,
  children,
}: {
  title: string;
  at: string | null;
  figure: ReactNode;
  children: ReactNode;
}) {
  const isStale = useIsStale();
  return (
    <div
      data-stale={isStale || undefined}
      className="min-w-0 border border-line bg-panel px-3 py-2 data-stale:opacity-70 data-stale:grayscale"
    >
      <h2 className="label flex justify-between gap-2">
        {title}
        {isStale ? (
          <span className="text-risk">stale</span>
        ) : (
          at && <Age at={at} className="text-2xs normal-case tracking-normal" />
        )}
      </h2>
      <p className="text-2xl leading-9">{figure}</p>
      <p className="text-dim text-xs">{children}</p>
    </div>
  );
}
