import type { LiveMessage, Schemas } from "../types";
import { backoff_ms } from "./backoff";
import { type Action, isStale, type View } from "./reducer";

/**
 * The live connection to the trader: a WebSocket, REST polling while there is none, and always another
 * attempt to reconnect. All its dependencies are passed in.
 */

export interface ConnectionTicket {
  url: string;
  subprotocols: string[];
}

export type Refusal = "session" | "unreachable";

export interface LinkDependencies {
  view: () => View;
  dispatch: (action: Action) => void;
  /** A ticket for one connection, or why there is none. */
  requestTicket: () => Promise<ConnectionTicket | Refusal>;
  /** The snapshot that a live connection would start with now. */
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

  constructor(private readonly deps: LinkDependencies) {}

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

  /** Call it when the page becomes visible again: browsers suspend timers of hidden pages. */
  wake(): void {
    if (this.isStopped) return;
    if (this.socket !== null) this.checkStale();
    else this.reconnectNow();
  }

  private reconnectNow(): void {
    clearTimeout(this.retry);
    this.attempt = 0;
    void this.connect();
  }

  private async connect(): Promise<void> {
    const ticket = await this.deps.requestTicket();
    if (this.isStopped || this.socket !== null) return;
    if (ticket === "session") return this.end();
    if (ticket === "unreachable")
      return this.retryLater("The dashboard server or the trader is not responding.");
    this.socket = this.deps.open(addressFor(ticket.url, this.deps.view()), ticket.subprotocols);
    const socket = this.socket;
    socket.onmessage = (event) => socket === this.socket && this.receive(String(event.data));
    socket.onclose = () => socket === this.socket && this.lost("Live connection lost.");
  }

  private receive(text: string): void {
    this.dispatchMessage(JSON.parse(text) as LiveMessage);
    const view = this.deps.view();
    if (view.isGapped) return this.lost("A live update was missed.");
    this.attempt = 0;
    this.endPolling();
    if (view.link !== "live") this.deps.dispatch({ type: "link", link: "live", problem: null });
  }

  private dispatchMessage(message: LiveMessage): void {
    this.deps.dispatch({ type: "message", message, local_ms: this.deps.now() });
  }

  private checkStale(): void {
    if (this.socket !== null && isStale(this.deps.view(), this.deps.now())) {
      this.lost("No message for too long.");
    }
  }

  private lost(problem: string): void {
    this.drop();
    this.retryLater(problem);
  }

  private retryLater(problem: string): void {
    this.deps.dispatch({ type: "link", link: "polling", problem });
    this.beginPolling();
    clearTimeout(this.retry);
    this.retry = setTimeout(
      () => void this.connect(),
      backoff_ms(this.attempt, this.deps.random()),
    );
    this.attempt += 1;
  }

  private end(): void {
    this.stop();
    this.deps.dispatch({ type: "link", link: "ended", problem: "The session has ended." });
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
    const answer = await this.deps.poll().finally(() => {
      this.isPolling = false;
    });
    if (this.isStopped || this.poller === undefined) return; // live again in the meantime
    if (answer === "session") this.end();
    else if (answer !== "unreachable") this.dispatchMessage(answer);
  }
}

/** The address to connect to, with the last message received, so that the trader can resume there. */
export function addressFor(url: string, view: View): string {
  if (view.stream === null || view.n === null || view.isGapped) return url;
  const address = new URL(url);
  address.searchParams.set("stream", view.stream);
  address.searchParams.set("after", String(view.n));
  return address.toString();
}
