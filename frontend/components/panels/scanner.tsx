"use client";

import { Panel } from "@/components/live/panel";
import { Opportunity } from "@/components/opportunity";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

/** Every opportunity of the last cycle, approved or refused, with the checks that decided it. */
export function Scanner() {
  const slice = useTopic("scanner");
  return (
    <Panel
      title="Opportunity scanner"
      slice={slice}
      limit_s={45 * 60}
      empty="No cycle has run yet."
      isEmpty={(data) => data.at === null}
      aside={
        slice.data?.at && (
          <span className="text-dim text-xs">
            <span className="text-gain">{slice.data.approved} approved</span> · {slice.data.refused}{" "}
            refused
          </span>
        )
      }
    >
      {(scanner) => (
        <div>
          <List
            title="Single bins, by net edge"
            opportunities={scanner.singles}
            isOpen={scanner.ladders.length === 0}
          />
          <List title="Brackets, by expected value" opportunities={scanner.brackets} />
          {scanner.ladders.length > 0 && (
            <List title="Whole ladders, sized together" opportunities={scanner.ladders} isOpen />
          )}
          {scanner.longshots.length > 0 && (
            <List title="Longshots: NO of open-ended bins" opportunities={scanner.longshots} />
          )}
          <Skipped reasons={scanner.skipped} />
        </div>
      )}
    </Panel>
  );
}

function List({
  title,
  opportunities,
  isOpen = false,
}: {
  title: string;
  opportunities: Schemas["OpportunityView"][];
  isOpen?: boolean;
}) {
  return (
    <details open={isOpen} className="group border-line border-b last:border-0">
      <summary className="label flex items-center gap-2 px-3 py-1.5 hover:bg-raised">
        <span aria-hidden className="transition-transform group-open:rotate-90">
          ›
        </span>
        {title} ({opportunities.length})
      </summary>
      {opportunities.length === 0 ? (
        <p className="px-3 pb-3 text-dim text-sm">None in the last cycle.</p>
      ) : (
        <ol
          tabIndex={0}
          aria-label={title}
          className="max-h-96 overflow-y-auto border-line border-t"
        >
          {opportunities.map((one) => (
            <Opportunity key={one.legs.map((leg) => `${leg.ticker} ${leg.side}`).join(" ")} opportunity={one} />
          ))}
        </ol>
      )}
    </details>
  );
}

function Skipped({ reasons }: { reasons: string[] }) {
  if (reasons.length === 0) return null;
  return (
    <div className="px-3 py-2 text-xs">
      <h3 className="label">Skipped ladders</h3>
      <ul className="text-risk">
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </div>
  );
}
