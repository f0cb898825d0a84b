import clsx from "clsx";
import type { ComponentProps } from "react";

export type ButtonTone = "primary" | "quiet" | "danger";

const TONES: Record<ButtonTone, string> = {
  primary: "border-focus bg-focus/15 text-text hover:bg-focus/25",
  quiet: "border-edge text-text hover:bg-raised",
  danger: "border-loss bg-loss/15 text-text hover:bg-loss/25",
};

export function Button({
  tone = "quiet",
  className,
  type = "button",
  ...rest
}: ComponentProps<"button"> & { tone?: ButtonTone }) {
  return (
    <button
      type={type}
      className={clsx(
        "min-h-8 border px-3 py-1 font-medium text-sm transition-colors",
        "disabled:cursor-not-allowed disabled:border-line disabled:bg-transparent disabled:text-dim",
        TONES[tone],
        className,
      )}
      {...rest}
    />
  );
}
