"use client";

import { useEffect, useRef, useState } from "react";
import { sentence } from "./api";
import type { Schemas } from "./types";

/**
 * A wish to the bot, sent once: a second click, a lost answer and a slow one all ask again under
 * the same idempotency key, which does nothing twice and answers what became of the first.
 */

/** What every kind of wish is answered with. */
export type Outcome = Omit<Schemas["SwitchOutcome"], "switch">;

export type Progress<T extends Outcome> =
  | { stage: "asking" }
  | { stage: "sending" }
  /** The bot has it, and does not know all yet; or no answer came, and it may have it. */
  | { stage: "waiting"; outcome: T | null; text: string }
  | { stage: "done"; outcome: T }
  | { stage: "refused"; text: string; gates: Schemas["Gate"][] };

export type Answer<T> = { data?: T; error?: unknown; response: Response };

export type Send<T> = (key: string) => Promise<Answer<T>>;

export const ASK_AGAIN_MS = 2_000;

export function useWish<T extends Outcome>(): {
  progress: Progress<T>;
  send: (send: Send<T>) => void;
  again: () => void;
} {
  const [progress, setProgress] = useState<Progress<T>>({ stage: "asking" });
  const sent = useRef<{ key: string; send: Send<T> } | null>(null);

  const ask = async (wish: { key: string; send: Send<T> }) => {
    const next = await progressAfter(wish.send(wish.key));
    if (sent.current === wish) setProgress(next);
  };

  useEffect(() => {
    if (progress.stage !== "waiting") return;
    const timer = setTimeout(() => sent.current && void ask(sent.current), ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  });

  useEffect(() => {
    return () => {
      sent.current = null; // what comes after the dialog is closed changes nothing here
    };
  }, []);

  return {
    progress,
    send: (send) => {
      if (sent.current !== null) return;
      sent.current = { key: crypto.randomUUID(), send };
      setProgress({ stage: "sending" });
      void ask(sent.current);
    },
    again: () => {
      sent.current = null;
      setProgress({ stage: "asking" });
    },
  };
}

/** What an answer means; a wish is refused only where the bot says so, never where it is silent. */
export async function progressAfter<T extends Outcome>(
  answer: Promise<Answer<T>>,
): Promise<Progress<T>> {
  let known: Answer<T>;
  try {
    known = await answer;
  } catch {
    return waiting<T>(null, "No answer. It may have been done: asking what became of it.");
  }
  const { data, error, response } = known;
  if (data !== undefined) {
    if (data.is_refused) return { stage: "refused", text: data.text, gates: data.gates };
    return data.is_settled ? { stage: "done", outcome: data } : waiting(data, data.text);
  }
  const text = sentence(error, response);
  const isNo = response.status < 500 && response.status !== 429;
  return isNo ? { stage: "refused", text, gates: [] } : waiting<T>(null, text);
}

const waiting = <T extends Outcome>(outcome: T | null, text: string): Progress<T> => ({
  stage: "waiting",
  outcome,
  text,
});
