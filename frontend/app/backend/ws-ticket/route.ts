import { currentSession, forwarded, problem } from "@/lib/server/backend";
import { webSocketUrl } from "@/lib/server/config";
import { isSameOrigin } from "@/lib/server/origin";

/** Access to one live connection: the trader's short-lived ticket and the address it is valid for. */
export async function POST(request: Request): Promise<Response> {
  if ((await currentSession(request)) === null) return problem(401, "The session has ended.");
  if (!isSameOrigin(request.headers)) return problem(403, "Requests from other sites are refused.");
  const answer = await forwarded(request, "/api/ws-ticket");
  if (!answer.ok) return answer;
  const { subprotocols } = (await answer.json()) as { subprotocols: string[] };
  return Response.json(
    { url: webSocketUrl(), subprotocols },
    { headers: { "Cache-Control": "no-store" } },
  );
}
