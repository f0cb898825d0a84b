"use client";

import { useSyncExternalStore } from "react";
import type { Zone } from "./format";
import { serverTime } from "./live/skew";
import { useLive } from "./live/store";

/** The reader's time: a stroke every second while the page is looked at, and the chosen zone. */

const listeners = new Set<() => void>();
let stroke_ms = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function strike(): void {
  if (document.visibilityState === "hidden") return;
  stroke_ms = Date.now();
  for (const listener of listeners) listener();
}

function watch(listener: () => void): () => void {
  if (listeners.size === 0) {
    stroke_ms = Date.now();
    timer = setInterval(strike, 1000);
    document.addEventListener("visibilitychange", strike);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", strike);
  };
}

/** This machine's time, a second fine; `null` while the page is made on the server. */
export const useNow = (): number | null =>
  useSyncExternalStore(
    watch,
    () => stroke_ms || Date.now(),
    () => null,
  );

/** The bot's own time, reckoned from its last message; `null` before the first. */
export function useServerNow(): number | null {
  const now_ms = useNow();
  const clock = useLive((state) => state.clock);
  return now_ms === null || clock === null ? null : serverTime(clock, now_ms);
}

const ZONE = "zone";
const zoneListeners = new Set<() => void>();

function watchZone(listener: () => void): () => void {
  zoneListeners.add(listener);
  return () => zoneListeners.delete(listener);
}

const chosenZone = (): Zone => (localStorage.getItem(ZONE) === "local" ? "local" : "utc");

/** UTC unless the reader chose their own zone, which their browser remembers. */
export const useZone = (): Zone => useSyncExternalStore<Zone>(watchZone, chosenZone, () => "utc");

export function chooseZone(zone: Zone): void {
  localStorage.setItem(ZONE, zone);
  for (const listener of zoneListeners) listener();
}
