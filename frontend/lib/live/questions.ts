import type { LiveState, Topic } from "../types";
import type { Door, Refusal } from "./link";

/** What is asked of our own server: a pass for the live connection, and the topics one by one. */

/** Where each topic is polled; the others wait for the live connection. */
const POLLED: Partial<Record<Topic, string>> = {
  health: "/api/health",
  balance: "/api/balance",
  positions: "/api/positions/open",
  pnl_today: "/api/pnl/today",
  risk: "/api/risk/status",
  scanner: "/api/scanner",
};

export async function liveDoor(): Promise<Door | Refusal> {
  const answer = await asked("/ws-ticket", "POST");
  return typeof answer === "string" ? answer : ((await answer.json()) as Door);
}

export async function pollAll(): Promise<Partial<LiveState> | Refusal> {
  const answers = await Promise.all(
    Object.entries(POLLED).map(async ([topic, path]) => [topic, await asked(path, "GET")] as const),
  );
  if (answers.some(([, answer]) => answer === "session")) return "session";
  const entries = await Promise.all(
    answers.map(async ([topic, answer]) =>
      typeof answer === "string" ? [] : [[topic, await answer.json()] as const],
    ),
  );
  const known = entries.flat();
  return known.length === 0 ? "unreachable" : (Object.fromEntries(known) as Partial<LiveState>);
}

async function asked(path: string, method: "GET" | "POST"): Promise<Response | Refusal> {
  try {
    const answer = await fetch(`/backend${path}`, { method });
    if (answer.status === 401) return "session";
    return answer.ok ? answer : "unreachable";
  } catch {
    return "unreachable";
  }
}
