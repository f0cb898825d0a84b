import { act, cleanup, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { SWRConfig } from "swr";
import { afterEach, beforeEach, vi } from "vitest";
import { dispatch } from "@/lib/live/store";
import type { LiveMessage } from "@/lib/types";
import { Server } from "./answers";

/**
 * Components on real responses of the trader's API; only the network and the clock are replaced. The
 * clock stands still unless a test advances it, so no result depends on how fast the machine is.
 */

export const NOW = Date.parse("2026-11-21T20:01:05Z");

let server = new Server();

const nextTurn = setImmediate; // the real one: kept before a test fakes the timers

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** The server of the test that runs now. */
export const currentServer = (): Server => server;

/** Renders only what a test needs: the whole dashboard costs ten times as much as one panel. */
export const show = (component: ReactNode) =>
  render(
    <SWRConfig value={{ provider: () => new Map(), dedupingInterval: 0 }}>{component}</SWRConfig>,
  );

/** Messages as the live connection brings them. */
export const receive = (...messages: LiveMessage[]): void =>
  act(() => {
    for (const message of messages) dispatch({ type: "message", message, local_ms: Date.now() });
  });

/** Advances the clock. It is synchronous: nothing is left behind for the next test to wait for. */
export const advance = (ms: number): void => act(() => void vi.advanceTimersByTime(ms));

const TURNS = 200;

/**
 * What `find` returns once it is not null: after turns of the event loop, not after seconds. A query
 * that throws would print the whole page at every turn, which takes longer than rendering it.
 */
export async function eventually<T>(find: () => T | null | undefined): Promise<T> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    const found = find();
    if (found !== null && found !== undefined) return found;
    advance(1); // some requests are sent in the next frame
    await act(() => new Promise<void>((resolve) => nextTurn(() => resolve())));
  }
  throw new Error(`not found within ${TURNS} turns in: ${document.body.textContent}`);
}

/**
 * The panel with this title, if there is one. By attributes: to query a role is to compute the role,
 * the name and the style of every element, which takes longer than rendering them.
 */
export const findPanel = (title: string): HTMLElement | undefined =>
  [...document.querySelectorAll("section")].find(
    (section) =>
      (section.getAttribute("aria-label") ?? section.querySelector("h2")?.textContent) === title,
  );

export function panel(title: string): HTMLElement {
  const found = findPanel(title);
  if (found === undefined) throw new Error(`no panel ${title} in: ${document.body.textContent}`);
  return found;
}

/** The text of each row of a table, without its head. */
export const rows = (table: string): string[] =>
  [...document.querySelectorAll(`[aria-label="${table}, table"] tbody tr`)].map(
    (row) => row.textContent ?? "",
  );

/** The first of a list in the fixtures; a test without it would test nothing. */
export function first<T>(list: readonly T[]): T {
  const [found] = list;
  if (found === undefined) throw new Error("the fixtures hold none");
  return found;
}
