"use client";

import { useSyncExternalStore } from "react";
import { onTick, tickTime_ms } from "../time";
import { isStale } from "./reducer";
import { currentView, onChange } from "./store";

/**
 * Whether the trader has not responded for so long that all data shown is stale. The selected value is
 * a boolean, so a panel renders its rows again when it changes and not every second.
 */
export const useIsStale = (): boolean => useSyncExternalStore(subscribe, isStaleNow, () => false);

const isStaleNow = (): boolean =>
  currentView().last_message_ms !== null && isStale(currentView(), tickTime_ms());

function subscribe(listener: () => void): () => void {
  const stops = [onTick(listener), onChange(listener)];
  return () => {
    for (const stop of stops) stop();
  };
}
