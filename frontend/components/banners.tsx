"use client";

import clsx from "clsx";
import { useIsStale } from "@/lib/live/stale";
import { useLive, useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type Level = Schemas["Level"];

const TONES: Record<Level, string> = {
  info: "border-edge text-text",
  warning: "border-risk bg-risk/10 text-risk",
  danger: "border-loss bg-loss/10 text-loss",
};

/** What whoever looks must not miss: the bot's own warnings, and what the link itself has to say. */
export function Banners() {
  const { data: health } = useTopic("health");
  const problem = useLive((view) => view.problem);
  const isStale = useIsStale();
  return (
    <div className="grid gap-px" aria-live="polite">
      {isStale && (
        <Line
          level="danger"
          text={`STALE: nothing here is current. ${problem ?? ""}`}
          kind="silent"
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
