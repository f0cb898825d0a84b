import type { LiveMessage, Schemas } from "../types";
import { backoff_ms } from "./backoff";
import { type Action, isStale, type View } from "./reducer";

/**
 * The line to the bot: a WebSocket while there is one, questions in between, and always a next
 * attempt. Everything it touches is given to it.
 */

export interface Door {
  url: string;
  subprotocols: string[];
}

export type Refusal = "session" | "unreachable";

export interface Surroundings {
  view: () => View;
  dispatch: (action: Action) => void;
  /** A pass for one connection, or why there is none. */
  door: () => Promise<Door | Refusal>;
  /** What a live connection would begin with now. */
  poll: () => Promise<Schemas["Snapshot"] | Refusal>;
  open: (url: string, subprotocols: string[]) => WebSocket;
  now: () => number;
  random: () => number;
}

export const POLL_EVERY_MS = 4_000;
const CHECK_EVERY_MS = 3_000;

export class LiveLink {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private check: ReturnType<typeof setInterval> | undefined;
  private poller: ReturnType<typeof setInterval> | undefined;
  private isStopped = true;
  private isPolling = false;

  constructor(private readonly around: Surroundings) {}

  start(): void {
    this.isStopped = false;
    this.check = setInterval(() => this.checkStale(), CHECK_EVERY_MS);
    void this.connect();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.retry);
    clearInterval(this.check);
    this.endPolling();
    this.drop();
  }

  /** To be called when the page is looked at again: timers slept meanwhile. */
  wake(): void {
    if (this.isStopped) return;
    if (this.socket !== null) this.checkStale();
    else this.hurry();
  }

  private hurry(): void {
    clearTimeout(this.retry);
    this.attempt = 0;
    void this.connect();
  }

  private async connect(): Promise<void> {
    const door = await this.around.door();
    if (this.isStopped || this.socket !== null) return;
    if (door === "session") return this.end();
    if (door === "unreachable")
      return this.again("The dashboard's server or the bot does not answer.");
    this.socket = this.around.open(addressFor(door.url, this.around.view()), door.subprotocols);
    const socket = this.socket;
    socket.onmessage = (event) => socket === this.socket && this.take(String(event.data));
    socket.onclose = () => socket === this.socket && this.lost("The live connection was lost.");
  }

  private take(text: string): void {
    this.tell(JSON.parse(text) as LiveMessage);
    const view = this.around.view();
    if (view.isGapped) return this.lost("A message was missing.");
    this.attempt = 0;
    this.endPolling();
    if (view.link !== "live") this.around.dispatch({ type: "link", link: "live", problem: null });
  }

  private tell(message: LiveMessage): void {
    this.around.dispatch({ type: "message", message, local_ms: this.around.now() });
  }

  private checkStale(): void {
    if (this.socket !== null && isStale(this.around.view(), this.around.now())) {
      this.lost("The bot was silent for too long.");
    }
  }

  private lost(problem: string): void {
    this.drop();
    this.again(problem);
  }

  private again(problem: string): void {
    this.around.dispatch({ type: "link", link: "polling", problem });
    this.beginPolling();
    clearTimeout(this.retry);
    this.retry = setTimeout(
      () => void this.connect(),
      backoff_ms(this.attempt, this.around.random()),
    );
    this.attempt += 1;
  }

  private end(): void {
    this.stop();
    this.around.dispatch({ type: "link", link: "ended", problem: "The session has ended." });
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private beginPolling(): void {
    if (this.poller !== undefined) return;
    this.poller = setInterval(() => void this.pollOnce(), POLL_EVERY_MS);
  }

  private endPolling(): void {
    clearInterval(this.poller);
    this.poller = undefined;
  }

  private async pollOnce(): Promise<void> {
    if (this.isPolling) return;
    this.isPolling = true;
    const answer = await this.around.poll().finally(() => {
      this.isPolling = false;
    });
    if (this.isStopped || this.poller === undefined) return; // live again meanwhile
    if (answer === "session") this.end();
    else if (answer !== "unreachable") this.tell(answer);
  }
}

/** Where to knock: with the last message taken in, so that the bot can go on from there. */
export function addressFor(url: string, view: View): string {
  if (view.stream === null || view.n === null || view.isGapped) return url;
  const address = new URL(url);
  address.searchParams.set("stream", view.stream);
  address.searchParams.set("after", String(view.n));
  return address.toString();
}
