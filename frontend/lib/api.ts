import createClient from "openapi-fetch";
import useSWR from "swr";
import type { Slice } from "./live/store";
import { useLive } from "./live/store";
import type { paths } from "./schema";

/** The API as the browser sees it: the same paths, behind our own server, which holds the key. */
export const api = createClient<paths>({
  baseUrl: "/backend",
  fetch: (request) => fetch(request), // looked up at each call, so that a test can replace it
});

/**
 * What `ask` answers, asked again after every cycle and every minute: for what is not live.
 * `name` must tell one question from another; `null` asks nothing.
 */
export function useAnswer<T>(
  name: string | null,
  ask: () => Promise<{ data?: T; error?: unknown; response: Response }>,
): Slice<T> {
  const cycle = useLive((view) => view.state?.scanner?.seq ?? 0);
  const { data, error } = useSWR(
    name === null ? null : [name, cycle],
    async () => {
      const answer = await ask();
      if (answer.data === undefined) throw new Error(sentence(answer.error, answer.response));
      return answer.data;
    },
    { refreshInterval: 60_000, keepPreviousData: true },
  );
  return {
    data: data ?? null,
    at: instantOf(data),
    problem: error instanceof Error ? error.message : null,
  };
}

const instantOf = (data: unknown): string | null =>
  typeof data === "object" && data !== null && "at" in data && typeof data.at === "string"
    ? data.at
    : null;

/** What a refusal says to a person. */
export function sentence(problem: unknown, response: Response): string {
  if (typeof problem === "object" && problem !== null && "detail" in problem)
    return String(problem.detail);
  return `The bot answered ${response.status}.`;
}
