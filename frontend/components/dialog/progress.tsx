import clsx from "clsx";
import { Button } from "@/components/ui/button";
import type { Outcome, Progress } from "@/lib/wish";

/** What became of a wish so far; it is read out as it changes. */
export function ProgressLine<T extends Outcome>({
  progress,
  onAgain,
}: {
  progress: Progress<T>;
  onAgain: () => void;
}) {
  if (progress.stage === "asking") return null;
  return (
    <div className="grid gap-2 border-line border-t px-4 py-3 text-sm">
      <p role="status" data-stage={progress.stage} className={clsx(TONES[progress.stage])}>
        {textOf(progress)}
      </p>
      {progress.stage === "refused" && (
        <>
          <ul className="text-xs">
            {progress.gates
              .filter((gate) => !gate.passed)
              .map((gate) => (
                <li key={`${gate.rule} ${gate.figure}`} className="figure text-loss">
                  {gate.rule.replaceAll("_", " ")}: {gate.figure}, limit {gate.limit}
                </li>
              ))}
          </ul>
          <Button onClick={onAgain} className="justify-self-start">
            Change it
          </Button>
        </>
      )}
    </div>
  );
}

const TONES = {
  asking: "",
  sending: "text-dim",
  waiting: "text-risk",
  done: "text-gain",
  refused: "text-loss",
} as const;

function textOf<T extends Outcome>(progress: Progress<T>): string {
  switch (progress.stage) {
    case "asking":
      return "";
    case "sending":
      return "Sent; waiting for what becomes of it…";
    case "done":
      return progress.outcome.text;
    case "waiting":
    case "refused":
      return progress.text;
  }
}
