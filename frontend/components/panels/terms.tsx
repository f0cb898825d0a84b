"use client";

import { AcknowledgeButton } from "@/components/dialog/acknowledge-button";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import { api, useAnswer } from "@/lib/api";

/** Series whose rules changed and wait for a person: until then nothing new is bought in them. */
export function Terms() {
  const slice = useAnswer("terms", () => api.GET("/api/terms"));
  const waiting = slice.data?.series.filter((one) => !one.accepted) ?? [];
  if (waiting.length === 0) return null;
  return (
    <Panel title="Rules that changed" slice={slice}>
      {() => (
        <ul>
          {waiting.map((one) => (
            <li
              key={one.series}
              className="flex items-center gap-3 border-line border-b px-3 py-1.5 text-xs last:border-0"
            >
              <span className="figure text-risk">{one.series}</span>
              <span>
                {one.source}, since <Instant at={one.received_at} />
              </span>
              <span className="ml-auto">
                <AcknowledgeButton terms={one} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
