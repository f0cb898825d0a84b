import "server-only";
import { cookies } from "next/headers";
import { apiKey, apiUrl } from "./config";
import { cookieName } from "./cookie";
import { openedSession, type Session } from "./session";

/** Requests to the trader's API, with the key that only this server knows. */

const TIMEOUT_MS = 20_000;
const MAX_BODY_CHARACTERS = 16_384;
const REQUEST_HEADERS = ["content-type", "idempotency-key"];
const RESPONSE_HEADERS = ["content-type", "retry-after"];

export const problem = (status: number, detail: string): Response =>
  Response.json({ status, detail }, { status, headers: { "Cache-Control": "no-store" } });

/** The session of the current request, or `null`. */
export async function currentSession(request: Request): Promise<Session | null> {
  const name = cookieName(request.headers.get("host"));
  return openedSession((await cookies()).get(name)?.value, Date.now());
}

/** The trader's response to `request` at `path`, with body and status unchanged. */
export async function forwarded(request: Request, path: string): Promise<Response> {
  const body = request.method === "GET" ? null : await request.text();
  if (body !== null && body.length > MAX_BODY_CHARACTERS) {
    return problem(
      413,
      `Request body too large: ${body.length} characters, limit ${MAX_BODY_CHARACTERS}.`,
    );
  }
  const headers = chosen(request.headers, REQUEST_HEADERS);
  headers.set("X-Acting", "dashboard");
  if (apiKey() !== "") headers.set("X-API-Key", apiKey());
  try {
    const answer = await fetch(`${apiUrl()}${path}`, {
      method: request.method,
      headers,
      body: body || null,
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return relayed(answer);
  } catch {
    return problem(502, "The trader is not responding.");
  }
}

function relayed(answer: Response): Response {
  // Only this server sends a browser 401: from the trader it means that this server's key is wrong.
  if (answer.status === 401) return problem(502, "The trader rejected the dashboard's API key.");
  const headers = chosen(answer.headers, RESPONSE_HEADERS);
  headers.set("Cache-Control", "no-store");
  return new Response(answer.body, { status: answer.status, headers });
}

const chosen = (headers: Headers, names: string[]): Headers =>
  new Headers(
    names.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value] as [string, string]];
    }),
  );
