import clsx from "clsx";
import { Button } from "@/components/ui/button";
import type { Outcome, Progress } from "@/lib/command";

/** The state of a command, read out as it changes. */
export function CommandProgress<T extends Outcome>({
  progress,
  onEdit,
}: {
  progress: Progress<T>;
  onEdit: () => void;
}) {
  if (progress.stage === "editing") return null;
  return (
    <div className="grid gap-2 border-line border-t px-4 py-3 text-sm">
      <p role="status" data-stage={progress.stage} className={clsx(TONES[progress.stage])}>
        {textOf(progress)}
      </p>
      {progress.stage === "refused" && (
        <>
          <ul className="text-xs">
            {progress.gates
              .filter((check) => !check.passed)
              .map((check) => (
                <li key={`${check.rule} ${check.figure}`} className="figure text-loss">
                  {check.rule.replaceAll("_", " ")}: {check.figure}, limit {check.limit}
                </li>
              ))}
          </ul>
          <Button onClick={onEdit} className="justify-self-start">
            Edit and retry
          </Button>
        </>
      )}
    </div>
  );
}

const TONES = {
  editing: "",
  sending: "text-dim",
  waiting: "text-risk",
  done: "text-gain",
  refused: "text-loss",
} as const;

function textOf<T extends Outcome>(progress: Progress<T>): string {
  switch (progress.stage) {
    case "editing":
      return "";
    case "sending":
      return "Sent. Waiting for confirmation…";
    case "done":
      return progress.outcome.text;
    case "waiting":
    case "refused":
      return progress.text;
  }
}
