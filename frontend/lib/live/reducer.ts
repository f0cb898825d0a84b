import type { LiveMessage, LiveState, Schemas, Topic } from "../types";
import { clockAfter, type ServerClock } from "./skew";

/**
 * What the dashboard knows, as a pure function of what came: snapshots, sent or polled, and numbered
 * messages. Message n follows n − 1; one that is missing is never guessed at, it is asked for again.
 */

export type Link = "connecting" | "live" | "polling" | "ended";

export interface View {
  state: LiveState | null;
  /** The stream that `n` counts in, and the last message taken in. */
  stream: string | null;
  n: number | null;
  /** A message is missing: only a snapshot helps. */
  isGapped: boolean;
  link: Link;
  /** Why there is no live link. */
  problem: string | null;
  /** When the bot was last heard, by our clock. */
  heard_ms: number | null;
  clock: ServerClock | null;
}

export type Action =
  | { type: "message"; message: LiveMessage; local_ms: number }
  | { type: "link"; link: Link; problem: string | null };

export const START: View = {
  state: null,
  stream: null,
  n: null,
  isGapped: false,
  link: "connecting",
  problem: null,
  heard_ms: null,
  clock: null,
};

export const KEPT_NEWS = 100;
export const KEPT_EQUITY = 500;

export function reduced(view: View, action: Action): View {
  switch (action.type) {
    case "link":
      return { ...view, link: action.link, problem: action.problem };
    case "message":
      return afterMessage(view, action.message, action.local_ms);
  }
}

function afterMessage(view: View, message: LiveMessage, local_ms: number): View {
  switch (message.type) {
    case "snapshot": {
      const { state, stream, n } = message;
      return { ...heard(view, state, local_ms), state, stream, n, isGapped: false };
    }
    case "resumed":
      // What was polled meanwhile may be newer: the updates up to it are duplicates then.
      return message.stream === view.stream && message.n <= (view.n ?? -1)
        ? { ...view, isGapped: false, heard_ms: local_ms }
        : gapped(view);
    case "heartbeat":
      if (view.n === null || message.n > view.n) return gapped(view);
      if (message.n < view.n) return view; // overtaken by an update
      return { ...heard(view, { at: message.at }, local_ms) };
    case "update":
      return afterUpdate(view, message, local_ms);
  }
}

function afterUpdate(view: View, { n, changes }: Schemas["Update"], local_ms: number): View {
  if (view.isGapped) return view;
  if (view.n === null || view.state === null || n > view.n + 1) return gapped(view);
  if (n <= view.n) return view; // a duplicate
  return { ...heard(view, changes, local_ms), state: changed(view.state, changes), n };
}

/** `state` with the topics that `changes` brings; the others stay the very same objects. */
export function changed(state: LiveState, changes: Partial<Schemas["LiveChanges"]>): LiveState {
  const { prices, news, equity, ...whole } = changes;
  const present = Object.entries(whole).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return {
    ...state,
    ...Object.fromEntries(present),
    ...(prices ? { prices: { ...state.prices, ...prices } } : {}),
    ...(news ? { news: [...state.news, ...news].slice(-KEPT_NEWS) } : {}),
    ...(equity ? { equity: [...state.equity, ...equity].slice(-KEPT_EQUITY) } : {}),
  };
}

const gapped = (view: View): View => ({ ...view, isGapped: true });

type Dated = { at?: string } & Partial<Record<Topic, unknown>>;

function heard(view: View, said: Dated, local_ms: number): View {
  const server_ms = newestInstant(said);
  const clock = server_ms === null ? view.clock : clockAfter(view.clock, server_ms, local_ms);
  return { ...view, heard_ms: local_ms, clock };
}

/** The topics that say by the bot's clock when they were written; a scanner's is the cycle's. */
const DATED: readonly Topic[] = ["health", "balance", "positions", "risk"];

function newestInstant(said: Dated): number | null {
  const instants = [said, ...DATED.map((topic) => said[topic])].flatMap((part) =>
    typeof part === "object" && part !== null && "at" in part && typeof part.at === "string"
      ? [Date.parse(part.at)]
      : [],
  );
  return instants.length === 0 ? null : Math.max(...instants);
}

/** Beyond this nothing on the screen may pass for current. Heartbeats come every few seconds. */
export const STALE_AFTER_MS = 15_000;

export const isStale = (view: View, local_ms: number): boolean =>
  view.heard_ms === null || local_ms - view.heard_ms > STALE_AFTER_MS;
