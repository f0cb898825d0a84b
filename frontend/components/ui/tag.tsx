import clsx from "clsx";
import type { ReactNode } from "react";

export type Tone = "plain" | "gain" | "loss" | "risk" | "model";

const TONES: Record<Tone, string> = {
  plain: "border-edge text-dim",
  gain: "border-gain text-gain",
  loss: "border-loss text-loss",
  risk: "border-risk text-risk",
  model: "border-model text-model",
};

/** A short label in a border. */
export const Tag = ({ children, tone = "plain" }: { children: ReactNode; tone?: Tone }) => (
  <span className={clsx("figure inline-block border px-1.5 text-2xs", TONES[tone])}>
    {children}
  </span>
);
