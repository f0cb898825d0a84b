// @vitest-environment happy-dom
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type ApiResponse,
  type Outcome,
  progressAfter,
  RETRY_AFTER_MS,
  useCommand,
} from "./command";

const outcome = (over: Partial<Outcome> = {}): Outcome => ({
  command_id: "k",
  is_settled: true,
  is_refused: false,
  seq: 7,
  text: "sold 3",
  gates: [],
  ...over,
});
const answer = (data?: Outcome, status = 200, error?: unknown): ApiResponse<Outcome> => ({
  ...(data === undefined ? {} : { data }),
  error,
  response: new Response(null, { status }),
});

describe("the progress after a response", () => {
  it("is done when the outcome is confirmed", async () => {
    expect(await progressAfter(Promise.resolve(answer(outcome())))).toMatchObject({
      stage: "done",
    });
  });

  it("waits when the outcome is not confirmed yet", async () => {
    const later = answer(outcome({ is_settled: false, text: "not known yet" }), 202);
    expect(await progressAfter(Promise.resolve(later))).toMatchObject({ stage: "waiting" });
  });

  it("is refused with every check when the trader refuses", async () => {
    const gates = [{ rule: "held", passed: false, figure: "9", limit: "≤ 3" }];
    const refusal = answer(outcome({ is_refused: true, gates }));
    expect(await progressAfter(Promise.resolve(refusal))).toMatchObject({
      stage: "refused",
      gates,
    });
  });

  it.each([400, 403, 404, 409, 422])("is refused after a %i", async (status) => {
    const refusal = answer(undefined, status, { detail: "no such trade" });
    expect(await progressAfter(Promise.resolve(refusal))).toMatchObject({
      stage: "refused",
      text: "no such trade",
    });
  });

  it.each([429, 500, 502, 503, 504])("waits after a %i", async (status) => {
    expect(await progressAfter(Promise.resolve(answer(undefined, status)))).toMatchObject({
      stage: "waiting",
    });
  });

  it("waits when no response came: that is never taken for a refusal", async () => {
    expect(await progressAfter(Promise.reject(new TypeError("network")))).toMatchObject({
      stage: "waiting",
    });
  });
});

describe("a command", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is sent once however often it is clicked", async () => {
    const send = vi.fn(async () => answer(outcome()));
    const { result } = renderHook(() => useCommand());
    await act(async () => {
      result.current.send(send);
      result.current.send(send);
    });
    await act(async () => result.current.send(send));
    expect(send).toHaveBeenCalledTimes(1);
    expect(result.current.progress.stage).toBe("done");
  });

  it("is sent again under the same key until its outcome is confirmed", async () => {
    const keys: string[] = [];
    const answers = [
      Promise.reject(new TypeError("network")),
      Promise.resolve(answer(outcome({ is_settled: false }), 202)),
      Promise.resolve(answer(outcome())),
    ];
    answers[0]?.catch(() => undefined);
    const send = (key: string) => answers[keys.push(key) - 1] ?? Promise.reject(new Error("over"));
    const { result } = renderHook(() => useCommand());
    await act(async () => result.current.send(send));
    expect(result.current.progress.stage).toBe("waiting");
    await act(async () => vi.advanceTimersByTimeAsync(RETRY_AFTER_MS));
    await act(async () => vi.advanceTimersByTimeAsync(RETRY_AFTER_MS));
    expect(result.current.progress.stage).toBe("done");
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it("has a new key after a reset", async () => {
    const keys: string[] = [];
    const send = async (key: string) => {
      keys.push(key);
      return answer(outcome());
    };
    const { result } = renderHook(() => useCommand());
    await act(async () => result.current.send(send));
    await act(async () => result.current.reset());
    await act(async () => result.current.send(send));
    expect(new Set(keys).size).toBe(2);
  });
});
