"use client";

import clsx from "clsx";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import * as format from "@/lib/format";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

/** Every data source with its age and its last error. */
export function Sources() {
  const slice = useTopic("health");
  return (
    <Panel
      title="Data sources"
      slice={slice}
      limit_s={60}
      empty="No data source has been queried yet."
      isEmpty={(health) => health.sources.length === 0}
    >
      {(health) => (
        <ul>
          {health.sources.map((source) => (
            <Source key={source.name} source={source} />
          ))}
          <li className="flex justify-between px-3 py-1 text-dim text-xs">
            <span>
              cycle {health.cycles}, journal entry {health.journal_seq}
            </span>
            <span>
              next cycle <Instant at={health.next_cycle_at} short />
            </span>
          </li>
        </ul>
      )}
    </Panel>
  );
}

function Source({ source }: { source: Schemas["SourceView"] }) {
  const isHealthy = ["new", "unchanged"].includes(source.outcome) && !source.is_stale;
  return (
    <li className="border-line border-b px-3 py-1 text-xs">
      <p className="flex items-baseline gap-2">
        <span className="figure w-32 truncate" title={source.name}>
          {source.name}
        </span>
        <span className={clsx(isHealthy ? "text-gain" : "text-risk")}>
          {source.is_stale ? "stale, " : ""}
          {source.outcome}
        </span>
        <span className="figure ml-auto text-dim">
          {source.age_s === null ? format.NOTHING : `${format.age(source.age_s * 1000)} old`}
        </span>
      </p>
      {!isHealthy && source.error && (
        <p className="break-words text-2xs text-dim">{source.error}</p>
      )}
    </li>
  );
}
