// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { Dashboard } from "@/components/dashboard";
import { held } from "./answers";
import { advance, NOW, receive, show } from "./live-page";

/** The dashboard as a whole. Recharts needs a layout engine: its chart is in the browser's tests. */
vi.mock("@/components/charts/equity-chart", () => ({ default: () => null }));

beforeEach(() => {
  receive(held);
  show(<Dashboard sessionEndsAt_ms={NOW + 3_600_000} />);
});

it("marks everything as stale when the trader stops responding, until it responds again", () => {
  const panels = (state: string) => document.querySelectorAll(`section[aria-labelledby]${state}`);
  const count = panels("").length;
  expect(count).toBeGreaterThan(8);
  expect(panels("[data-stale]")).toHaveLength(0);
  advance(20_000);
  expect(panels("[data-stale]")).toHaveLength(count);
  expect(screen.getByText("Trader not responding")).toBeTruthy();
  receive({ type: "heartbeat", n: held.n, at: "2026-11-21T20:01:30Z" });
  expect(panels("[data-stale]")).toHaveLength(0);
});
