"use client";

import { HaltControls } from "@/components/dialog/halt-controls";
import { Panel } from "@/components/live/panel";
import { Instant } from "@/components/live/times";
import { Count, Money, Percent } from "@/components/ui/figures";
import { Meter } from "@/components/ui/meter";
import { Tag } from "@/components/ui/tag";
import * as format from "@/lib/format";
import { useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type RiskStatus = Schemas["RiskStatus"];

/** The kill switch, the daily stop-loss, and how much of each limit is used. */
export function Risk() {
  return (
    <Panel title="Risk" slice={useTopic("risk")}>
      {(risk) => (
        <div className="grid gap-4 p-3">
          <SwitchState state={risk.switch} />
          <DayLoss risk={risk} />
          <Positions risk={risk} />
          <Exposure risk={risk} />
          <HaltControls isHalted={risk.switch.is_halted} />
        </div>
      )}
    </Panel>
  );
}

function SwitchState({ state }: { state: Schemas["SwitchView"] }) {
  return (
    <div data-switch={state.state} className="text-sm">
      <p className="flex items-center gap-2">
        <span className="label">Kill switch</span>
        <Tag tone={state.is_halted ? "loss" : "gain"}>{state.state.toUpperCase()}</Tag>
      </p>
      {state.is_halted && (
        <p className="mt-1 text-loss text-xs">
          {state.reason}, since <Instant at={state.since_at} />
          {state.until_at ? (
            <>
              , until <Instant at={state.until_at} />
            </>
          ) : (
            ", until trading is resumed"
          )}
        </p>
      )}
    </div>
  );
}

function DayLoss({ risk: { day_loss, limits } }: { risk: RiskStatus }) {
  return (
    <div className="grid gap-1 text-xs">
      <p className="flex justify-between">
        <span>
          Daily loss{" "}
          <span className="text-dim">
            trading stops at {format.percent(limits.day_loss_share, { digits: 0 })}
          </span>
        </span>
        <span>
          <Money value={day_loss.used} /> <span className="text-dim">of</span>{" "}
          <Money value={day_loss.limit} />
        </span>
      </p>
      <Meter share={day_loss.used_share} label="Daily loss, share of the limit used" />
    </div>
  );
}

function Positions({ risk: { positions, limits, free_cash } }: { risk: RiskStatus }) {
  return (
    <div className="grid gap-1 text-xs">
      <p className="flex justify-between">
        <span>
          Positions{" "}
          <span className="text-dim">
            free cash <Money value={free_cash} />
          </span>
        </span>
        <span>
          <Count value={positions} /> <span className="text-dim">of</span>{" "}
          <Count value={limits.max_positions} />
        </span>
      </p>
      <Meter
        share={positions / limits.max_positions}
        label="Open positions, share of the limit used"
      />
    </div>
  );
}

function Exposure({ risk: { exposure, limits } }: { risk: RiskStatus }) {
  return (
    <div className="grid gap-2 text-xs">
      <h3 className="label">
        Exposure per city and day, limit <Percent value={limits.city_day_share} digits={0} /> of the
        balance
      </h3>
      {exposure.length === 0 && <p className="text-dim">No exposure.</p>}
      {exposure.map((one) => (
        <div key={`${one.city} ${one.climate_day}`} className="grid gap-1">
          <p className="flex justify-between">
            <span>
              <span className="figure">{one.city}</span>{" "}
              <span className="text-dim">{format.day(one.climate_day)}</span>
            </span>
            <span>
              <Money value={one.at_risk} /> <span className="text-dim">of</span>{" "}
              <Money value={one.limit} />
            </span>
          </p>
          <Meter
            share={one.used_share}
            label={`${one.city} ${one.climate_day}, share of the exposure limit used`}
          />
        </div>
      ))}
    </div>
  );
}
