// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { Dashboard } from "@/components/dashboard";
import { NOW, panel, show } from "./live-page";

vi.mock("@/components/charts/equity-chart", () => ({ default: () => null }));

/** Alone in its file: the page's one store has received no message yet. */
it("shows no figure before the first message", () => {
  show(<Dashboard sessionEndsAt_ms={NOW + 3_600_000} />);
  const account = panel("Account").textContent ?? "";
  expect(account).toContain("—");
  expect(account).not.toMatch(/\$/);
  expect(panel("Open positions").textContent).not.toContain("No open positions.");
  expect(screen.getByText("Connecting")).toBeTruthy();
});
