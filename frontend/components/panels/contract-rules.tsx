"use client";

import { AcknowledgeButton } from "@/components/dialog/acknowledge-button";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import { api, useQuery } from "@/lib/api";

/** Series whose contract rules changed: no new positions in them until a person accepts the rules. */
export function ContractRuleChanges() {
  const slice = useQuery("terms", () => api.GET("/api/terms"));
  const unaccepted = slice.data?.series.filter((one) => !one.accepted) ?? [];
  if (unaccepted.length === 0) return null;
  return (
    <Panel title="Contract rule changes" slice={slice}>
      {() => (
        <ul>
          {unaccepted.map((one) => (
            <li
              key={one.series}
              className="flex items-center gap-3 border-line border-b px-3 py-1.5 text-xs last:border-0"
            >
              <span className="figure text-risk">{one.series}</span>
              <span>
                settlement source {one.source}, since <Instant at={one.received_at} />
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
