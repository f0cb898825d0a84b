"use client";

import clsx from "clsx";
import { type ComponentProps, useId } from "react";
import { useTopic } from "@/lib/live/store";

/** A labelled input; what is wrong with it stands below it and is read out. */
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

export const LIVE_WORD = "LIVE";

export const useIsLive = (): boolean => useTopic("health").data?.mode === "live";

/** In live mode real money follows, and the word must be typed; in other modes nothing is asked. */
export function LiveWord({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const isLive = useIsLive();
  if (!isLive) return null;
  return (
    <Field
      label={`Real money. Type ${LIVE_WORD} to go on`}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
