"use client";

import { useState } from "react";
import { useTopic } from "@/lib/live/store";
import { Banners } from "./banners";
import { Closing } from "./dialog/closing";
import { LiveConnection } from "./live/connection";
import { Calibration } from "./panels/calibration";
import { Equity } from "./panels/equity";
import { Forecasts } from "./panels/forecasts";
import { Ladder } from "./panels/ladder";
import { News } from "./panels/news";
import { Orders } from "./panels/orders";
import { Positions } from "./panels/positions";
import { Risk } from "./panels/risk";
import { Scanner } from "./panels/scanner";
import { Sources } from "./panels/sources";
import { StatCards } from "./panels/stat-cards";
import { Terms } from "./panels/terms";
import { Trades } from "./panels/trades";
import { StatusBar } from "./status-bar";

/** Everything its owner looks at. Panels take their data from the live view, none from here. */
export function Dashboard({ sessionEndsAt_ms }: { sessionEndsAt_ms: number }) {
  const [chosen, choose] = useState<string | null>(null);
  const first = useTopic("forecasts").data?.cities[0]?.city ?? null;
  const city = chosen ?? first;
  return (
    <Closing>
      <LiveConnection sessionEndsAt_ms={sessionEndsAt_ms} />
      <div className="mx-auto max-w-[2200px]">
        <StatusBar />
        <Banners />
        <main className="grid gap-2 p-2">
          <StatCards />
          <div className="grid grid-cols-1 items-start gap-2 xl:grid-cols-[minmax(0,1.9fr)_minmax(0,1fr)]">
            <div className="grid min-w-0 gap-2">
              <Positions />
              <Orders />
              <Scanner />
              <Ladder city={city} />
              <Trades />
            </div>
            <div className="grid min-w-0 gap-2">
              <Terms />
              <Risk />
              <Forecasts city={city} onChoose={choose} />
              <Equity />
              <Calibration city={city} />
              <News />
              <Sources />
            </div>
          </div>
        </main>
      </div>
    </Closing>
  );
}
