"use client";

import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { api } from "@/lib/api";
import type { Schemas } from "@/lib/types";
import { type Answer, useWish } from "@/lib/wish";
import { Field, LIVE_WORD, LiveWord, useIsLive } from "./fields";
import { Frame } from "./frame";
import { ProgressLine } from "./progress";

type Level = Schemas["HaltLevel"];
type SwitchOutcome = Schemas["SwitchOutcome"];

const LEVELS: readonly [Level, string][] = [
  ["halt", "Halt: no new risk; what rests in the book stays"],
  ["cancel", "Cancel: and resting entries are taken out of the book"],
  ["reduce", "Reduce only: and nothing else may add to risk"],
  ["flatten", "Flatten: and what is held is sold, as far as the book pays"],
];

/** The kill switch by hand. Throwing it is never more than two steps away. */
export function HaltControls({ isHalted }: { isHalted: boolean }) {
  return (
    <div className="flex flex-wrap gap-2">
      <SwitchDialog
        name="Halt trading"
        label={isHalted ? "Hold back further" : "Halt trading"}
        description="Takes effect before the next order is sent. Orders that reduce risk always go on."
        levels={LEVELS}
        send={(wish, level, key) =>
          api.POST("/api/risk/halt", {
            params: { header: { "Idempotency-Key": key } },
            body: { ...wish, level, cause: "person" },
          })
        }
      />
      <SwitchDialog
        name="Resume trading"
        label={isHalted ? "Resume trading" : null}
        description="Lets trading go on, whatever held it back."
        levels={[]}
        send={(wish, _level, key) =>
          api.POST("/api/risk/resume", {
            params: { header: { "Idempotency-Key": key } },
            body: wish,
          })
        }
      />
    </div>
  );
}

type SendSwitch = (
  wish: Pick<Schemas["ResumeWish"], "reason" | "confirm">,
  level: Level,
  key: string,
) => Promise<Answer<SwitchOutcome>>;

interface Props {
  name: string;
  /** On the button; `null` shows none, and leaves a dialog that is open as it is. */
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
  const [word, setWord] = useState("");
  const { progress, send, again } = useWish<SwitchOutcome>();
  const isReady =
    progress.stage === "asking" && reason.trim() !== "" && (!isLive || word === LIVE_WORD);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const wish = { reason: reason.trim(), confirm: isLive };
        if (isReady) send((key) => sendSwitch(wish, level, key));
      }}
    >
      <fieldset disabled={progress.stage !== "asking"} className="grid gap-3 px-4 py-4 text-sm">
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
          label="Why"
          value={reason}
          maxLength={200}
          onChange={(event) => setReason(event.target.value)}
        />
        <LiveWord value={word} onChange={setWord} />
        <Button
          type="submit"
          tone={levels.length > 0 ? "danger" : "primary"}
          disabled={!isReady}
          className="justify-self-start"
        >
          {name}
        </Button>
      </fieldset>
      <ProgressLine progress={progress} onAgain={again} />
    </form>
  );
}
