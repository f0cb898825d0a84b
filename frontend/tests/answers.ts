import type { Schemas } from "@/lib/types";
import fixtures from "./fixtures.json";

/** Real responses, written by the trader's API (`make openapi`); a stale file fails the build. */

interface Fixtures {
  empty: Schemas["Snapshot"];
  held: Schemas["Snapshot"];
  markets: Schemas["CityMarkets"];
  calibration: Schemas["CityCalibration"];
  terms: Schemas["SeriesRules"];
  preview: Schemas["SalePreview"];
  evidence: Schemas["EvidenceReport"];
  /** A ladder whose quotes cohere, with a posterior. */
  coherent: Schemas["CityMarkets"];
}

export const { empty, held, markets, calibration, terms, preview, evidence, coherent } =
  fixtures as unknown as Fixtures;

/** A change of the live state, as the next update in the stream. */
export const update = (n: number, changes: Partial<Schemas["LiveChanges"]>): Schemas["Update"] =>
  ({ type: "update", n, changes }) as Schemas["Update"];

export interface Call {
  method: string;
  path: string;
  body: string;
  key: string | null;
}

/** Replaces our own server: responds by path, and records every call. */
export class Server {
  readonly calls: Call[] = [];
  answers: Record<string, (call: Call) => Response | Promise<Response>> = {
    "/backend/api/markets/NYC": () => Response.json(markets),
    "/backend/api/calibration/NYC": () => Response.json(calibration),
    "/backend/api/evidence": () => Response.json(evidence),
    "/backend/api/terms": () => Response.json(terms),
    "/backend/api/equity": () =>
      Response.json({ points: held.state.equity, marks: [], starting_balance: "1000" }),
  };

  readonly fetch = async (input: Request | string | URL, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? input : new Request(input, init);
    const path = new URL(request.url).pathname;
    const body = await request.text();
    const call = {
      method: request.method,
      path,
      body,
      key: request.headers.get("Idempotency-Key"),
    };
    this.calls.push(call);
    const known = Object.entries(this.answers).find(([start]) => path.startsWith(start));
    return known?.[1](call) ?? Response.json({ detail: `not found: ${path}` }, { status: 404 });
  };
}
