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
  small = false,
  className,
  type = "button",
  ...rest
}: ComponentProps<"button"> & { tone?: ButtonTone; small?: boolean }) {
  return (
    <button
      type={type}
      className={clsx(
        "border font-medium transition-colors",
        small ? "px-2 text-xs leading-6" : "min-h-8 px-3 py-1 text-sm",
        "disabled:cursor-not-allowed disabled:border-line disabled:bg-transparent disabled:text-dim",
        TONES[tone],
        className,
      )}
      {...rest}
    />
  );
}
