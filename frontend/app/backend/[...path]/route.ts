import { currentSession, forwarded, problem } from "@/lib/server/backend";
import { isForwarded } from "@/lib/server/calls";
import { isSameOrigin } from "@/lib/server/origin";

/** The trader's API for the browser: needs a session and our own origin, and forwards a fixed list of calls. */
async function answer(request: Request): Promise<Response> {
  if ((await currentSession(request)) === null) return problem(401, "The session has ended.");
  if (request.method !== "GET" && !isSameOrigin(request.headers)) {
    return problem(403, "Requests from other sites are refused.");
  }
  const { pathname, search } = new URL(request.url);
  const path = pathname.slice("/backend".length);
  if (!isForwarded(request.method, path))
    return problem(404, `Not found: ${request.method} ${path}`);
  return forwarded(request, path + search);
}

export { answer as DELETE, answer as GET, answer as POST };
