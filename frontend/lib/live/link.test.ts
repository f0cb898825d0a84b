import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Schemas } from "../types";
import { backoff_ms, FIRST_MS, LONGEST_MS } from "./backoff";
import { addressFor, type ConnectionTicket, LiveLink, POLL_EVERY_MS, type Refusal } from "./link";
import { reduced, STALE_AFTER_MS, START, type View } from "./reducer";

/** The other end of the connection: sockets that the test controls, and requests that are counted. */
class World {
  view: View = START;
  sockets: FakeSocket[] = [];
  polls = 0;
  ticket: ConnectionTicket | Refusal = {
    url: "ws://trader/ws/live",
    subprotocols: ["live", "ticket"],
  };
  answer: Schemas["Snapshot"] | Refusal = "unreachable";
  link = new LiveLink({
    view: () => this.view,
    dispatch: (action) => {
      this.view = reduced(this.view, action);
    },
    requestTicket: async () => this.ticket,
    poll: async () => {
      this.polls += 1;
      return this.answer;
    },
    open: (url) => {
      const socket = new FakeSocket(url);
      this.sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    now: Date.now,
    random: () => 0.5,
  });

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}

class FakeSocket {
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  isClosed = false;

  constructor(readonly url: string) {}

  close(): void {
    this.isClosed = true;
  }

  receives(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const SNAPSHOT = {
  type: "snapshot",
  stream: "s",
  n: 1,
  state: { activity: [], prices: {}, equity: [] },
};
const HEARTBEAT = { type: "heartbeat", n: 1, at: "2026-11-25T12:00:00Z" };

let world: World;

beforeEach(async () => {
  vi.useFakeTimers();
  world = new World();
  world.link.start();
  await vi.advanceTimersByTimeAsync(0);
});

afterEach(() => {
  world.link.stop();
  vi.useRealTimers();
});

it("backs off with every attempt, with jitter, up to the maximum", () => {
  for (let attempt = 0; attempt < 40; attempt++) {
    const [least, most] = [backoff_ms(attempt, 0), backoff_ms(attempt, 1)];
    expect(least).toBe(most / 2);
    expect(most).toBe(Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt));
  }
});

it("is live with the first message, and polls nothing", async () => {
  world.socket.receives(SNAPSHOT);
  await vi.advanceTimersByTimeAsync(STALE_AFTER_MS / 2);
  expect(world.view.link).toBe("live");
  expect(world.polls).toBe(0);
});

it("polls while disconnected, and resumes after the last message when nothing was polled", async () => {
  world.socket.receives(SNAPSHOT);
  world.socket.onclose?.();
  expect(world.view.link).toBe("polling");
  await vi.advanceTimersByTimeAsync(FIRST_MS);
  expect(world.socket.url).toBe("ws://trader/ws/live?stream=s&after=1");
  world.socket.receives({ type: "resumed", stream: "s", n: 1 });
  expect(world.view.link).toBe("live");
});

it("resumes after a polled snapshot", async () => {
  world.socket.receives(SNAPSHOT);
  world.ticket = "unreachable";
  world.answer = { ...SNAPSHOT, n: 5 } as unknown as Schemas["Snapshot"];
  world.socket.onclose?.();
  await vi.advanceTimersByTimeAsync(POLL_EVERY_MS);
  expect(world.polls).toBe(1);
  expect(world.view.link).toBe("polling");
  expect(addressFor("ws://trader/ws/live", world.view)).toBe(
    "ws://trader/ws/live?stream=s&after=5",
  );
});

it("a gap closes the socket and requests a snapshot", async () => {
  world.socket.receives(SNAPSHOT);
  const first = world.socket;
  first.receives({ type: "update", n: 3, changes: {} });
  expect(first.isClosed).toBe(true);
  await vi.advanceTimersByTimeAsync(FIRST_MS);
  expect(world.socket.url).toBe("ws://trader/ws/live");
});

it("without messages the socket is closed; heartbeats keep it open", async () => {
  world.socket.receives(SNAPSHOT);
  const first = world.socket;
  for (let n = 0; n < 5; n++) {
    await vi.advanceTimersByTimeAsync(5_000);
    first.receives(HEARTBEAT);
  }
  expect(first.isClosed).toBe(false);
  await vi.advanceTimersByTimeAsync(STALE_AFTER_MS + 3_001);
  expect(first.isClosed).toBe(true);
});

it("ends with the session", async () => {
  world.socket.receives(SNAPSHOT);
  world.ticket = "session";
  world.socket.onclose?.();
  await vi.advanceTimersByTimeAsync(FIRST_MS);
  expect(world.view.link).toBe("ended");
  const { polls, sockets } = { polls: world.polls, sockets: world.sockets.length };
  await vi.advanceTimersByTimeAsync(60_000);
  expect([world.polls, world.sockets.length]).toEqual([polls, sockets]);
});

it("reconnects at once when the page becomes visible again", async () => {
  world.ticket = "unreachable";
  world.socket.onclose?.();
  await vi.advanceTimersByTimeAsync(120_000);
  const before = world.sockets.length;
  world.ticket = { url: "ws://trader/ws/live", subprotocols: [] };
  world.link.wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(world.sockets.length).toBe(before + 1);
});
