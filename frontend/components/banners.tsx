"use client";

import clsx from "clsx";
import { useIsStale } from "@/lib/live/stale";
import { useLive, useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type Level = Schemas["Severity"];

const TONES: Record<Level, string> = {
  info: "border-edge text-text",
  warning: "border-risk bg-risk/10 text-risk",
  danger: "border-loss bg-loss/10 text-loss",
};

/** What must not be missed: the trader's own warnings, and that it is not responding. */
export function Banners() {
  const { data: health } = useTopic("health");
  const problem = useLive((view) => view.problem);
  const isStale = useIsStale();
  return (
    <div className="grid gap-px" aria-live="polite">
      {isStale && (
        <Line
          level="danger"
          text={`Trader not responding: all data shown is STALE. ${problem ?? ""}`}
          kind="not-responding"
        />
      )}
      {health?.banners.map((banner) => (
        <Line key={`${banner.kind} ${banner.text}`} {...banner} />
      ))}
    </div>
  );
}

function Line({ kind, level, text }: { kind: string; level: Level; text: string }) {
  return (
    <p data-banner={kind} className={clsx("border-l-4 px-3 py-1.5 text-sm", TONES[level])}>
      {text}
    </p>
  );
}
