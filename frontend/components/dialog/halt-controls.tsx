"use client";

import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { api } from "@/lib/api";
import { type ApiResponse, useCommand } from "@/lib/command";
import type { Schemas } from "@/lib/types";
import { Field, LIVE_CONFIRMATION, LiveConfirmation, useIsLive } from "./fields";
import { Frame } from "./frame";
import { CommandProgress } from "./progress";

type Level = Schemas["HaltLevel"];
type SwitchOutcome = Schemas["SwitchOutcome"];

const LEVELS: readonly [Level, string][] = [
  ["halt", "Halt: no new positions; working orders stay in the book"],
  ["cancel", "Cancel: also cancels the trader's working entry orders"],
  ["reduce", "Reduce only: also cancels entry orders placed outside the trader"],
  ["flatten", "Flatten: also sells all positions, as far as the book has bids"],
];

/** The manual kill switch, never more than two steps away. */
export function HaltControls({ isHalted }: { isHalted: boolean }) {
  return (
    <div className="flex flex-wrap gap-2">
      <SwitchDialog
        name="Halt trading"
        label={isHalted ? "Raise halt level" : "Halt trading"}
        description="Takes effect before the next order is sent. Orders that reduce risk are always allowed."
        levels={LEVELS}
        send={(command, level, key) =>
          api.POST("/api/risk/halt", {
            params: { header: { "Idempotency-Key": key } },
            body: { ...command, level, cause: "person", name: "" },
          })
        }
      />
      <SwitchDialog
        name="Resume trading"
        label={isHalted ? "Resume trading" : null}
        description="Lifts every halt, whatever caused it, and resumes trading."
        levels={[]}
        send={(command, _level, key) =>
          api.POST("/api/risk/resume", {
            params: { header: { "Idempotency-Key": key } },
            body: command,
          })
        }
      />
    </div>
  );
}

type SendSwitch = (
  command: Pick<Schemas["ResumeRequest"], "reason" | "confirm">,
  level: Level,
  key: string,
) => Promise<ApiResponse<SwitchOutcome>>;

interface Props {
  name: string;
  /** On the button; `null` hides the button and leaves an open dialog as it is. */
  label: string | null;
  description: string;
  levels: readonly (readonly [Level, string])[];
  send: SendSwitch;
}

function SwitchDialog(props: Props) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Frame
      title={props.name}
      description={props.description}
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      trigger={
        props.label !== null && (
          <Button tone={props.levels.length > 0 ? "danger" : "primary"}>{props.label}</Button>
        )
      }
    >
      <SwitchForm {...props} />
    </Frame>
  );
}

function SwitchForm({ name, levels, send: sendSwitch }: Props) {
  const group = useId();
  const isLive = useIsLive();
  const [level, setLevel] = useState<Level>("halt");
  const [reason, setReason] = useState("");
  const [confirmation, setConfirmation] = useState("");
  const { progress, send, reset } = useCommand<SwitchOutcome>();
  const isReady =
    progress.stage === "editing" &&
    reason.trim() !== "" &&
    (!isLive || confirmation === LIVE_CONFIRMATION);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const command = { reason: reason.trim(), confirm: isLive };
        if (isReady) send((key) => sendSwitch(command, level, key));
      }}
    >
      <fieldset disabled={progress.stage !== "editing"} className="grid gap-3 px-4 py-4 text-sm">
        {levels.map(([value, text]) => (
          <label key={value} className="flex items-baseline gap-2">
            <input
              type="radio"
              name={group}
              value={value}
              checked={level === value}
              onChange={() => setLevel(value)}
            />
            {text}
          </label>
        ))}
        <Field
          label="Reason"
          value={reason}
          maxLength={200}
          onChange={(event) => setReason(event.target.value)}
        />
        <LiveConfirmation value={confirmation} onChange={setConfirmation} />
        <Button
          type="submit"
          tone={levels.length > 0 ? "danger" : "primary"}
          disabled={!isReady}
          className="justify-self-start"
        >
          {name}
        </Button>
      </fieldset>
      <CommandProgress progress={progress} onEdit={reset} />
    </form>
  );
}
