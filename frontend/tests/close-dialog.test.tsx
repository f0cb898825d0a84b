// @vitest-environment happy-dom
import { fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, expect, it } from "vitest";
import { CloseDialogProvider } from "@/components/dialog/close-dialog";
import { Positions } from "@/components/panels/positions";
import { held, preview, update } from "./answers";
import { currentServer, eventually, first, receive, show } from "./live-page";

/** The dialog that closes a position, opened from its row. */

const outcome = {
  command_id: "k",
  is_settled: true,
  is_refused: false,
  seq: 9,
  text: "sold 40 at 40.0¢",
  gates: [],
  trades: [],
  orders: [],
};

const dialogElement = () => first([...document.querySelectorAll<HTMLElement>("[role=dialog]")]);
const dialog = () => within(dialogElement());
const sellButton = () => dialog().getByText("Sell at limit");
const fill = (label: string | RegExp, value: string) =>
  fireEvent.change(dialog().getByLabelText(label), { target: { value } });

beforeEach(() => {
  currentServer().answers["/backend/api/positions/"] = (call) =>
    Response.json(call.method === "GET" ? preview : outcome);
  receive(held);
  show(
    <CloseDialogProvider>
      <Positions />
    </CloseDialogProvider>,
  );
  fireEvent.click(screen.getByText("CLOSE"));
});

it("previews the sale against the book, and sells once however often it is clicked", async () => {
  await eventually(() => dialog().queryByText(/Fills immediately/));
  // 5 at 45 ¢ and 95 at 40 ¢
  expect(dialogElement().textContent).toContain("100 of 100 at 40.25¢");
  fill("Contracts", "40");
  fireEvent.click(sellButton());
  fireEvent.click(sellButton());
  await eventually(() => dialog().queryByText(/^sold 40/));
  const sales = currentServer().calls.filter((call) => call.method === "POST");
  expect(sales).toHaveLength(1);
  expect(sales[0]?.path).toContain("/sell");
  expect(sales[0]?.key).toMatch(/[0-9a-f-]{36}/);
  expect(JSON.parse(sales[0]?.body ?? "{}")).toMatchObject({ count: "40" });
});

it("refuses an impossible limit price before anything is sent", () => {
  fill("Limit price, dollars per contract", "1.20");
  const limit = dialog().getByLabelText("Limit price, dollars per contract");
  expect(limit.getAttribute("aria-invalid")).toBe("true");
  expect(sellButton().hasAttribute("disabled")).toBe(true);
});

it("needs LIVE typed in live mode, and nothing on paper", () => {
  expect(dialog().queryByLabelText(/Real money/)).toBeNull();
  expect(sellButton().hasAttribute("disabled")).toBe(false);
  receive(update(held.n + 1, { health: { ...held.state.health, mode: "live" } }));
  expect(sellButton().hasAttribute("disabled")).toBe(true);
  fill(/Real money/, "LIVE");
  expect(sellButton().hasAttribute("disabled")).toBe(false);
});

it("quick sell says that there are no working orders where everything has filled", () => {
  fireEvent.mouseDown(dialog().getByText("Quick sell"));
  expect(dialogElement().textContent).toContain("This trade has no working orders");
});
