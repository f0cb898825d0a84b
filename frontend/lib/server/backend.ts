import "server-only";
import { cookies } from "next/headers";
import { apiKey, apiUrl } from "./config";
import { cookieName } from "./cookie";
import { openedSession, type Session } from "./session";

/** Calls to the bot, with the key that only this server knows. */

const PATIENCE_MS = 20_000;
const LONGEST_BODY = 16_384;
const PASSED_ON = ["content-type", "idempotency-key"];
const PASSED_BACK = ["content-type", "retry-after"];

export const problem = (status: number, detail: string): Response =>
  Response.json({ status, detail }, { status, headers: { "Cache-Control": "no-store" } });

/** The session of the request under way, or `null`. */
export async function currentSession(request: Request): Promise<Session | null> {
  const name = cookieName(request.headers.get("host"));
  return openedSession((await cookies()).get(name)?.value, Date.now());
}

/** The bot's answer to `request` at `path`, its body and status as they are. */
export async function forwarded(request: Request, path: string): Promise<Response> {
  const body = request.method === "GET" ? null : await request.text();
  if (body !== null && body.length > LONGEST_BODY) {
    return problem(413, `A body of ${body.length} characters; at most ${LONGEST_BODY} are taken.`);
  }
  const headers = chosen(request.headers, PASSED_ON);
  headers.set("X-Acting", "dashboard");
  if (apiKey() !== "") headers.set("X-API-Key", apiKey());
  try {
    const answer = await fetch(`${apiUrl()}${path}`, {
      method: request.method,
      headers,
      body: body || null,
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return relayed(answer);
  } catch {
    return problem(502, "The bot does not answer.");
  }
}

function relayed(answer: Response): Response {
  // 401 is ours to say to a browser: the bot's means that this server's key is wrong.
  if (answer.status === 401) return problem(502, "The bot refuses the dashboard's API key.");
  const headers = chosen(answer.headers, PASSED_BACK);
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
