import { currentSession, forwarded, problem } from "@/lib/server/backend";
import { isForwarded } from "@/lib/server/calls";
import { isSameOrigin } from "@/lib/server/origin";

/** The bot's API for the browser: a session, our own pages, and a fixed list of calls. */
async function answer(request: Request): Promise<Response> {
  if ((await currentSession(request)) === null) return problem(401, "The session has ended.");
  if (request.method !== "GET" && !isSameOrigin(request.headers)) {
    return problem(403, "This request came from another site.");
  }
  const { pathname, search } = new URL(request.url);
  const path = pathname.slice("/backend".length);
  if (!isForwarded(request.method, path))
    return problem(404, `There is no ${request.method} ${path}.`);
  return forwarded(request, path + search);
}

export { answer as DELETE, answer as GET, answer as POST };
