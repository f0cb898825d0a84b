"use client";

import { useState } from "react";
import { useTopic } from "@/lib/live/store";
import { Banners } from "./banners";
import { CloseDialogProvider } from "./dialog/close-dialog";
import { LiveConnection } from "./live/connection";
import { Activity } from "./panels/activity";
import { Calibration } from "./panels/calibration";
import { ContractRuleChanges } from "./panels/contract-rules";
import { Equity } from "./panels/equity";
import { Evidence } from "./panels/evidence";
import { Forecasts } from "./panels/forecasts";
import { Ladder } from "./panels/ladder";
import { Positions } from "./panels/positions";
import { Risk } from "./panels/risk";
import { Scanner } from "./panels/scanner";
import { Sources } from "./panels/sources";
import { StatCards } from "./panels/stat-cards";
import { Trades } from "./panels/trades";
import { WorkingOrders } from "./panels/working-orders";
import { StatusBar } from "./status-bar";
import { Disclaimer } from "./ui/disclaimer";

/** The whole dashboard. Panels read the live state themselves; nothing is passed to them from here. */
export function Dashboard({ sessionEndsAt_ms }: { sessionEndsAt_ms: number }) {
  const [chosen, choose] = useState<string | null>(null);
  const first = useTopic("forecasts").data?.cities[0]?.city ?? null;
  const city = chosen ?? first;
  return (
    <CloseDialogProvider>
      <LiveConnection sessionEndsAt_ms={sessionEndsAt_ms} />
      <div className="mx-auto max-w-[2200px]">
        <StatusBar />
        <Banners />
        <main className="grid gap-2 p-2">
          <StatCards />
          <div className="grid grid-cols-1 items-start gap-2 xl:grid-cols-[minmax(0,1.9fr)_minmax(0,1fr)]">
            <div className="grid min-w-0 gap-2">
              <Positions />
              <WorkingOrders />
              <Scanner />
              <Ladder city={city} />
              <Evidence />
              <Trades />
            </div>
            <div className="grid min-w-0 gap-2">
              <ContractRuleChanges />
              <Risk />
              <Forecasts city={city} onChoose={choose} />
              <Equity />
              <Calibration city={city} />
              <Activity />
              <Sources />
            </div>
          </div>
        </main>
        <footer className="px-3 pb-3">
          <Disclaimer />
        </footer>
      </div>
    </CloseDialogProvider>
  );
}
