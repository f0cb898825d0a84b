import type { Schemas } from "../types";
import type { Door, Refusal } from "./link";

/** What is asked of our own server: a pass for the live connection, or what it would begin with. */

export const liveDoor = (): Promise<Door | Refusal> => asked<Door>("/ws-ticket", "POST");

export const snapshot = (): Promise<Schemas["Snapshot"] | Refusal> =>
  asked<Schemas["Snapshot"]>("/api/live", "GET");

async function asked<T>(path: string, method: "GET" | "POST"): Promise<T | Refusal> {
  try {
    const answer = await fetch(`/backend${path}`, { method });
    if (answer.status === 401) return "session";
    return answer.ok ? ((await answer.json()) as T) : "unreachable";
  } catch {
    return "unreachable";
  }
}
