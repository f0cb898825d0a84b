"use client";

import { useNow } from "../time";
import { isSilent } from "./reducer";
import { useLive } from "./store";

/** Whether the bot has been silent for longer than what is shown may stand for the present. */
export function useIsSilent(): boolean {
  const now_ms = useNow();
  // Selected as a yes or no: whoever asks is drawn again when that changes, not at every message.
  return useLive((view) => now_ms !== null && view.heard_ms !== null && isSilent(view, now_ms));
}
