"use client";

import { Banners } from "./banners";
import { News } from "./panels/news";
import { StatusBar } from "./status-bar";
import { useLiveLink } from "./use-live-link";

/** Everything its owner looks at. Panels take their data from the live view, none from here. */
export function Dashboard({ sessionEndsAt_ms }: { sessionEndsAt_ms: number }) {
  useLiveLink(sessionEndsAt_ms);
  return (
    <div className="mx-auto max-w-[2200px]">
      <StatusBar />
      <Banners />
      <main className="grid grid-cols-1 gap-2 p-2 lg:grid-cols-12">
        <div className="lg:col-span-4">
          <News />
        </div>
      </main>
    </div>
  );
}
