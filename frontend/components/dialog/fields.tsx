"use client";

import clsx from "clsx";
import { type ComponentProps, useId } from "react";
import { useTopic } from "@/lib/live/store";

/** A labelled input; a problem with its value is shown below it and read out. */
export function Field({
  label,
  problem,
  className,
  ...input
}: ComponentProps<"input"> & { label: string; problem?: string | null }) {
  const id = useId();
  const isWrong = problem !== null && problem !== undefined;
  return (
    <div className={clsx("grid gap-1", className)}>
      <label htmlFor={id} className="label">
        {label}
      </label>
      <input
        id={id}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-problem` : undefined}
        autoComplete="off"
        className="figure w-full border border-edge bg-ground px-2 py-1.5 text-sm aria-invalid:border-loss"
        {...input}
      />
      {isWrong && (
        <p id={`${id}-problem`} className="text-loss text-xs">
          {problem}
        </p>
      )}
    </div>
  );
}

export const LIVE_CONFIRMATION = "LIVE";

export const useIsLive = (): boolean => useTopic("health").data?.mode === "live";

/** In live mode LIVE must be typed, because real money is at stake; in other modes nothing is shown. */
export function LiveConfirmation({
  value,
  onChange,
}: {
  value: string;
  onChange: (text: string) => void;
}) {
  const isLive = useIsLive();
  if (!isLive) return null;
  return (
    <Field
      label={`Real money: type ${LIVE_CONFIRMATION} to confirm`}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
