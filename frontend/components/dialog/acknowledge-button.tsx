"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { api } from "@/lib/api";
import { useCommand } from "@/lib/command";
import type { Schemas } from "@/lib/types";
import { Field, LIVE_CONFIRMATION, LiveConfirmation, useIsLive } from "./fields";
import { Frame } from "./frame";
import { CommandProgress } from "./progress";

/** Accepts a series' changed contract rules, after a person has read them. */
export function AcknowledgeButton({ terms }: { terms: Schemas["TermsView"] }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Frame
      title={`Accept the contract rules of ${terms.series}`}
      description={`The contract rules, settlement source or fees changed. The settlement source is now ${terms.source}. Read the new rules on Kalshi before you accept them.`}
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      trigger={
        <Button small aria-label={`Review the contract rules of ${terms.series}`}>
          REVIEW
        </Button>
      }
    >
      <AcknowledgeForm terms={terms} />
    </Frame>
  );
}

function AcknowledgeForm({ terms }: { terms: Schemas["TermsView"] }) {
  const isLive = useIsLive();
  const [reason, setReason] = useState("");
  const [confirmation, setConfirmation] = useState("");
  const { progress, send, reset } = useCommand<Schemas["TermsOutcome"]>();
  const isReady =
    progress.stage === "editing" &&
    reason.trim() !== "" &&
    (!isLive || confirmation === LIVE_CONFIRMATION);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        send((key) =>
          api.POST("/api/terms/{series}/acknowledge", {
            params: { path: { series: terms.series }, header: { "Idempotency-Key": key } },
            body: { fingerprint: terms.fingerprint, reason: reason.trim(), confirm: isLive },
          }),
        );
      }}
    >
      <fieldset disabled={progress.stage !== "editing"} className="grid gap-3 px-4 py-4">
        <Field
          label="What you checked"
          value={reason}
          maxLength={200}
          onChange={(event) => setReason(event.target.value)}
        />
        <LiveConfirmation value={confirmation} onChange={setConfirmation} />
        <Button type="submit" tone="primary" disabled={!isReady} className="justify-self-start">
          Accept rules
        </Button>
      </fieldset>
      <CommandProgress progress={progress} onEdit={reset} />
    </form>
  );
}
