"use client";

import clsx from "clsx";
import { memo, type ReactNode, useId } from "react";
import { useIsStale } from "@/lib/live/stale";
import type { Slice } from "@/lib/live/store";
import { Age } from "./times";

interface PanelProps<T> {
  title: string;
  slice: Slice<T>;
  children: (data: T) => ReactNode;
  /** The text where there is nothing to show; without one the children are always rendered. */
  empty?: string;
  isEmpty?: (data: T) => boolean;
  /** Age in seconds, by the trader's clock, from which the data is marked as old. */
  limit_s?: number;
  /** Beside the title: counts, filters, buttons. */
  aside?: ReactNode;
  className?: string;
}

/**
 * A titled part of the dashboard with the age of its data and four states: loading, error, empty and
 * shown. While the trader is not responding, it is marked as stale.
 */
export function Panel<T>({
  title,
  slice,
  children,
  empty,
  isEmpty,
  limit_s,
  aside,
  className,
}: PanelProps<T>) {
  const heading = useId();
  const isStale = useIsStale();
  return (
    <section
      aria-labelledby={heading}
      data-stale={isStale || undefined}
      className={clsx("flex min-w-0 flex-col border border-line bg-panel", className)}
    >
      <header className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-1.5">
        <h2 id={heading} className="label">
          {title}
        </h2>
        {isStale && <span className="figure text-2xs text-risk">STALE</span>}
        <div className="ml-auto flex items-center gap-3">
          {aside}
          {slice.at !== null && (
            <Age
              at={slice.at}
              {...(limit_s === undefined ? {} : { limit_s })}
              className="text-2xs"
            />
          )}
        </div>
      </header>
      <div className={clsx("min-w-0 flex-1", isStale && "opacity-70 grayscale")}>
        <Body slice={slice} empty={empty} isEmpty={isEmpty}>
          {children}
        </Body>
      </div>
    </section>
  );
}

/** Renders again for new data only, not when the panel turns grey. */
const Body = memo(BodyOf) as typeof BodyOf;

function BodyOf<T>({
  slice: { data, problem },
  children,
  empty,
  isEmpty,
}: {
  slice: Slice<T>;
  children: (data: T) => ReactNode;
  empty: string | undefined;
  isEmpty: ((data: T) => boolean) | undefined;
}) {
  if (data === null && problem !== null) return <Notice role="alert" text={problem} isProblem />;
  if (data === null) return <Loading />;
  if (empty !== undefined && (isEmpty ?? hasNothing)(data)) return <Notice text={empty} />;
  return children(data);
}

const hasNothing = (data: unknown): boolean => Array.isArray(data) && data.length === 0;

function Notice({
  text,
  role,
  isProblem = false,
}: {
  text: string;
  role?: "alert";
  isProblem?: boolean;
}) {
  return (
    <p
      role={role}
      className={clsx("px-3 py-6 text-center text-sm", isProblem ? "text-loss" : "text-dim")}
    >
      {text}
    </p>
  );
}

function Loading() {
  return (
    <div role="status" className="grid gap-2 px-3 py-4">
      <span className="sr-only">Loading</span>
      {["w-2/3", "w-1/2", "w-3/5"].map((width) => (
        <div key={width} className={clsx("h-3 animate-pulse bg-raised", width)} />
      ))}
    </div>
  );
}
