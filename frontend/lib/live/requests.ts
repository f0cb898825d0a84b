import type { Schemas } from "../types";
import type { ConnectionTicket, Refusal } from "./link";

/** Requests to our own server: a ticket for the live connection, or the snapshot it would start with. */

export const requestTicket = (): Promise<ConnectionTicket | Refusal> =>
  requested<ConnectionTicket>("/ws-ticket", "POST");

export const snapshot = (): Promise<Schemas["Snapshot"] | Refusal> =>
  requested<Schemas["Snapshot"]>("/api/live", "GET");

async function requested<T>(path: string, method: "GET" | "POST"): Promise<T | Refusal> {
  try {
    const answer = await fetch(`/backend${path}`, { method });
    if (answer.status === 401) return "session";
    return answer.ok ? ((await answer.json()) as T) : "unreachable";
  } catch {
    return "unreachable";
  }
}
