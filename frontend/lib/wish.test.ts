// @vitest-environment happy-dom
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Answer, ASK_AGAIN_MS, type Outcome, progressAfter, useWish } from "./wish";

const outcome = (over: Partial<Outcome> = {}): Outcome => ({
  command_id: "k",
  is_settled: true,
  is_refused: false,
  seq: 7,
  text: "sold 3",
  gates: [],
  ...over,
});
const answer = (data?: Outcome, status = 200, error?: unknown): Answer<Outcome> => ({
  ...(data === undefined ? {} : { data }),
  error,
  response: new Response(null, { status }),
});

describe("what an answer means", () => {
  it("is done where all is known", async () => {
    expect(await progressAfter(Promise.resolve(answer(outcome())))).toMatchObject({
      stage: "done",
    });
  });

  it("waits where the bot does not know yet", async () => {
    const later = answer(outcome({ is_settled: false, text: "not known yet" }), 202);
    expect(await progressAfter(Promise.resolve(later))).toMatchObject({ stage: "waiting" });
  });

  it("is refused with every gate where the bot says no", async () => {
    const gates = [{ rule: "held", passed: false, figure: "9", limit: "≤ 3" }];
    const no = answer(outcome({ is_refused: true, gates }));
    expect(await progressAfter(Promise.resolve(no))).toMatchObject({ stage: "refused", gates });
  });

  it.each([400, 403, 404, 409, 422])("is refused by a %i", async (status) => {
    const refusal = answer(undefined, status, { detail: "no such trade" });
    expect(await progressAfter(Promise.resolve(refusal))).toMatchObject({
      stage: "refused",
      text: "no such trade",
    });
  });

  it.each([429, 500, 502, 503, 504])("is not known after a %i", async (status) => {
    expect(await progressAfter(Promise.resolve(answer(undefined, status)))).toMatchObject({
      stage: "waiting",
    });
  });

  it("is not known where no answer came: it is never taken for a no", async () => {
    expect(await progressAfter(Promise.reject(new TypeError("network")))).toMatchObject({
      stage: "waiting",
    });
  });
});

describe("a wish", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is sent once however often it is clicked", async () => {
    const send = vi.fn(async () => answer(outcome()));
    const { result } = renderHook(() => useWish());
    await act(async () => {
      result.current.send(send);
      result.current.send(send);
    });
    await act(async () => result.current.send(send));
    expect(send).toHaveBeenCalledTimes(1);
    expect(result.current.progress.stage).toBe("done");
  });

  it("asks again under the same key until all is known", async () => {
    const keys: string[] = [];
    const answers = [
      Promise.reject(new TypeError("network")),
      Promise.resolve(answer(outcome({ is_settled: false }), 202)),
      Promise.resolve(answer(outcome())),
    ];
    answers[0]?.catch(() => undefined);
    const send = (key: string) => answers[keys.push(key) - 1] ?? Promise.reject(new Error("over"));
    const { result } = renderHook(() => useWish());
    await act(async () => result.current.send(send));
    expect(result.current.progress.stage).toBe("waiting");
    await act(async () => vi.advanceTimersByTimeAsync(ASK_AGAIN_MS));
    await act(async () => vi.advanceTimersByTimeAsync(ASK_AGAIN_MS));
    expect(result.current.progress.stage).toBe("done");
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it("has another key when it is another wish", async () => {
    const keys: string[] = [];
    const send = async (key: string) => {
      keys.push(key);
      return answer(outcome());
    };
    const { result } = renderHook(() => useWish());
    await act(async () => result.current.send(send));
    await act(async () => result.current.again());
    await act(async () => result.current.send(send));
    expect(new Set(keys).size).toBe(2);
  });
});
