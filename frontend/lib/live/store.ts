"use client";

import { useSyncExternalStore } from "react";
import type { LiveState, Topic } from "../types";
import { type Action, reduced, START, type View } from "./reducer";

/** The page's one live state. Components select a part and render when that part changes. */

let view: View = START;
const listeners = new Set<() => void>();

export const currentView = (): View => view;

export function dispatch(action: Action): void {
  const next = reduced(view, action);
  if (next === view) return;
  view = next;
  for (const listener of listeners) listener();
}

export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** `select` must return an existing part of the view, not a new object. */
export const useLive = <T>(select: (view: View) => T): T =>
  useSyncExternalStore(
    onChange,
    () => select(view),
    () => select(START),
  );

/** What a panel shows: data, or the reason why there is none. */
export interface Slice<T> {
  data: T | null;
  /** When the trader wrote it, if known. */
  at: string | null;
  problem: string | null;
}

/** One topic of the live state. */
export function useTopic<T extends Topic>(topic: T): Slice<LiveState[T]> {
  const data = useLive((view) => view.state?.[topic] ?? null);
  const problem = useLive((view) => (view.state === null ? view.problem : null));
  return { data, at: instantOf(data), problem };
}

function instantOf(data: unknown): string | null {
  if (typeof data !== "object" || data === null || !("at" in data)) return null;
  return typeof data.at === "string" ? data.at : null;
}
