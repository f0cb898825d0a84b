"use client";

import clsx from "clsx";
import { Figure, type Known } from "@/components/ui/figures";
import * as format from "@/lib/format";
import { useServerNow, useZone } from "@/lib/time";

/** How old something is by the trader's clock, in the colour of risk beyond `limit_s`. */
export function Age({
  at,
  limit_s,
  className,
}: {
  at: Known<string>;
  limit_s?: number;
  className?: string;
}) {
  const now_ms = useServerNow();
  if (!at || now_ms === null)
    return <Figure className={clsx("text-dim", className)}>{format.NOTHING}</Figure>;
  const age_ms = now_ms - Date.parse(at);
  const isOld = limit_s !== undefined && age_ms > limit_s * 1000;
  return (
    <time dateTime={at} className={clsx("figure", isOld ? "text-risk" : "text-dim", className)}>
      {format.age(age_ms)} old
    </time>
  );
}

/** An instant in the time zone that the viewer chose. */
export function Instant({
  at,
  className,
  short = false,
}: {
  at: Known<string>;
  className?: string;
  short?: boolean;
}) {
  const zone = useZone();
  if (!at) return <Figure className={clsx("text-dim", className)}>{format.NOTHING}</Figure>;
  return (
    <time dateTime={at} className={clsx("figure", className)}>
      {short ? format.timeOfDay(at, zone) : format.instant(at, zone)}
    </time>
  );
}
