import type { components } from "./schema";

/** The API's shapes by name; all of them are generated from its OpenAPI document. */
export type Schemas = components["schemas"];

export type LiveState = Schemas["LiveState"];
export type LiveMessage =
  | Schemas["Snapshot"]
  | Schemas["Resumed"]
  | Schemas["Update"]
  | Schemas["Heartbeat"];

export type Topic = keyof LiveState;
