"use client";

import { useSyncExternalStore } from "react";
import type { Zone } from "./format";
import { serverTime } from "./live/skew";
import { useLive } from "./live/store";

/** The viewer's time: one tick a second while the page is visible, and the chosen time zone. */

const listeners = new Set<() => void>();
let tick_ms = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  if (document.visibilityState === "hidden") return;
  tick_ms = Date.now();
  for (const listener of listeners) listener();
}

export function onTick(listener: () => void): () => void {
  if (listeners.size === 0) {
    tick_ms = Date.now();
    timer = setInterval(tick, 1000);
    document.addEventListener("visibilitychange", tick);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  };
}

/** This machine's time at the last tick, in milliseconds. */
export const tickTime_ms = (): number => tick_ms || Date.now();

/** This machine's time, to the second; `null` while the page is rendered on the server. */
export const useNow = (): number | null => useSyncExternalStore(onTick, tickTime_ms, () => null);

/** The trader's time, estimated from its last message; `null` before the first. */
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

/** UTC, unless the viewer chose local time, which the browser remembers. */
export const useZone = (): Zone => useSyncExternalStore<Zone>(watchZone, chosenZone, () => "utc");

export function chooseZone(zone: Zone): void {
  localStorage.setItem(ZONE, zone);
  for (const listener of zoneListeners) listener();
}
