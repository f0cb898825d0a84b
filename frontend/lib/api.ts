import createClient from "openapi-fetch";
import useSWR from "swr";
import type { Slice } from "./live/store";
import { useLive } from "./live/store";
import type { paths } from "./schema";

/** The API as the browser sees it: the same paths on our own server, which adds the key. */
export const api = createClient<paths>({
  baseUrl: "/backend",
  fetch: (request) => fetch(request), // looked up at each call, so that a test can replace it
});

type Request<T> = () => Promise<{ data?: T; error?: unknown; response: Response }>;

/**
 * The response to `request`, sent again after every cycle and every minute: for data that is not live.
 * `name` identifies the request; with `null` none is sent.
 */
export function useQuery<T>(name: string | null, request: Request<T>): Slice<T> {
  const cycle = useLive((view) => view.state?.scanner?.seq ?? 0);
  return useVersion(name, cycle, request, 60_000);
}

/** The response to `request`, sent again when the live state names another version of the data. */
export function useVersion<T>(
  name: string | null,
  version: number,
  request: Request<T>,
  every_ms = 600_000,
): Slice<T> {
  const { data, error } = useSWR(
    name === null ? null : [name, version],
    async () => {
      const { data, error, response } = await request();
      if (data === undefined) throw new Error(problemText(error, response));
      return data;
    },
    { refreshInterval: every_ms, keepPreviousData: true },
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

/** What went wrong, for people. */
export function problemText(problem: unknown, response: Response): string {
  if (typeof problem === "object" && problem !== null && "detail" in problem)
    return String(problem.detail);
  return `The trader returned error ${response.status}.`;
}
