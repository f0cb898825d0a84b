"use client";

import { useEffect, useRef, useState } from "react";
import { problemText } from "./api";
import type { Schemas } from "./types";

/**
 * A command to the trader, executed at most once: after a second click, a lost response or a slow one
 * it is sent again under the same idempotency key, and the trader returns the outcome of the first.
 */

/** What every command returns. */
export type Outcome = Omit<Schemas["SwitchOutcome"], "switch">;

export type Progress<T extends Outcome> =
  | { stage: "editing" }
  | { stage: "sending" }
  /** The outcome is not confirmed yet, or no response came and the trader may have the command. */
  | { stage: "waiting"; outcome: T | null; text: string }
  | { stage: "done"; outcome: T }
  | { stage: "refused"; text: string; gates: Schemas["Gate"][] };

export type ApiResponse<T> = { data?: T; error?: unknown; response: Response };

export type Send<T> = (key: string) => Promise<ApiResponse<T>>;

export const RETRY_AFTER_MS = 2_000;

export function useCommand<T extends Outcome>(): {
  progress: Progress<T>;
  send: (send: Send<T>) => void;
  reset: () => void;
} {
  const [progress, setProgress] = useState<Progress<T>>({ stage: "editing" });
  const sent = useRef<{ key: string; send: Send<T> } | null>(null);

  const attempt = async (command: { key: string; send: Send<T> }) => {
    const next = await progressAfter(command.send(command.key));
    if (sent.current === command) setProgress(next);
  };

  useEffect(() => {
    if (progress.stage !== "waiting") return;
    const timer = setTimeout(() => sent.current && void attempt(sent.current), RETRY_AFTER_MS);
    return () => clearTimeout(timer);
  });

  useEffect(() => {
    return () => {
      sent.current = null; // a response after the dialog has closed changes nothing here
    };
  }, []);

  return {
    progress,
    send: (send) => {
      if (sent.current !== null) return;
      sent.current = { key: crypto.randomUUID(), send };
      setProgress({ stage: "sending" });
      void attempt(sent.current);
    },
    reset: () => {
      sent.current = null;
      setProgress({ stage: "editing" });
    },
  };
}

/** The progress after a response. Only the trader refuses a command: no response is no refusal. */
export async function progressAfter<T extends Outcome>(
  response: Promise<ApiResponse<T>>,
): Promise<Progress<T>> {
  let received: ApiResponse<T>;
  try {
    received = await response;
  } catch {
    return waiting<T>(
      null,
      "No response. The command may have been executed. Waiting for confirmation…",
    );
  }
  const { data, error, response: http } = received;
  if (data !== undefined) {
    if (data.is_refused) return { stage: "refused", text: data.text, gates: data.gates };
    return data.is_settled ? { stage: "done", outcome: data } : waiting(data, data.text);
  }
  const text = problemText(error, http);
  const isRefused = http.status < 500 && http.status !== 429;
  return isRefused ? { stage: "refused", text, gates: [] } : waiting<T>(null, text);
}

const waiting = <T extends Outcome>(outcome: T | null, text: string): Progress<T> => ({
  stage: "waiting",
  outcome,
  text,
});
