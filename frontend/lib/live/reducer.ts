import type { LiveMessage, LiveState, Schemas, Topic } from "../types";
import { clockAfter, type ServerClock } from "./skew";

/**
 * The state of the dashboard, as a pure function of the messages received: snapshots, pushed or polled,
 * and numbered updates. Update n follows n − 1; a gap is never guessed, a new snapshot is requested.
 */

export type Link = "connecting" | "live" | "polling" | "ended";

export interface View {
  state: LiveState | null;
  /** The stream that `n` counts in, and the number of the last message applied. */
  stream: string | null;
  n: number | null;
  /** A message is missing: only a snapshot can follow. */
  isGapped: boolean;
  link: Link;
  /** Why there is no live link. */
  problem: string | null;
  /** When the trader's last message arrived, by this machine's clock. */
  last_message_ms: number | null;
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
  last_message_ms: null,
  clock: null,
};

export const KEPT_ACTIVITY = 100;
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
      return { ...afterContact(view, state, local_ms), state, stream, n, isGapped: false };
    }
    case "resumed":
      // A snapshot polled in the meantime may be newer: the updates up to it are then duplicates.
      return message.stream === view.stream && message.n <= (view.n ?? -1)
        ? { ...view, isGapped: false, last_message_ms: local_ms }
        : gapped(view);
    case "heartbeat":
      if (view.n === null || message.n > view.n) return gapped(view);
      if (message.n < view.n) return view; // overtaken by an update
      return { ...afterContact(view, { at: message.at }, local_ms) };
    case "update":
      return afterUpdate(view, message, local_ms);
  }
}

function afterUpdate(view: View, { n, changes }: Schemas["Update"], local_ms: number): View {
  if (view.isGapped) return view;
  if (view.n === null || view.state === null || n > view.n + 1) return gapped(view);
  if (n <= view.n) return view; // a duplicate
  return { ...afterContact(view, changes, local_ms), state: changed(view.state, changes), n };
}

/** `state` with the topics in `changes`; all other topics stay the same objects. */
export function changed(state: LiveState, changes: Partial<Schemas["LiveChanges"]>): LiveState {
  const { prices, activity, equity, ...whole } = changes;
  const given = Object.entries(whole).filter(([, value]) => value !== null && value !== undefined);
  return {
    ...state,
    ...Object.fromEntries(given),
    ...(prices ? { prices: { ...state.prices, ...prices } } : {}),
    ...(activity ? { activity: [...state.activity, ...activity].slice(-KEPT_ACTIVITY) } : {}),
    ...(equity ? { equity: [...state.equity, ...equity].slice(-KEPT_EQUITY) } : {}),
  };
}

const gapped = (view: View): View => ({ ...view, isGapped: true });

type Dated = { at?: string } & Partial<Record<Topic, unknown>>;

function afterContact(view: View, message: Dated, local_ms: number): View {
  const server_ms = newestInstant(message);
  const clock = server_ms === null ? view.clock : clockAfter(view.clock, server_ms, local_ms);
  return { ...view, last_message_ms: local_ms, clock };
}

/** The topics with a time of the trader's clock; the scanner's time is that of its cycle. */
const DATED: readonly Topic[] = ["health", "balance", "positions", "risk"];

function newestInstant(message: Dated): number | null {
  const instants = [message, ...DATED.map((topic) => message[topic])].flatMap((part) =>
    typeof part === "object" && part !== null && "at" in part && typeof part.at === "string"
      ? [Date.parse(part.at)]
      : [],
  );
  return instants.length === 0 ? null : Math.max(...instants);
}

/** Without a message for longer than this, all data is stale. Heartbeats come every few seconds. */
export const STALE_AFTER_MS = 15_000;

export const isStale = (view: View, local_ms: number): boolean =>
  view.last_message_ms === null || local_ms - view.last_message_ms > STALE_AFTER_MS;
