"use client";

import { useState } from "react";
import { EvidenceSparkline } from "@/components/charts/evidence-sparkline";
import { Panel } from "@/components/live/panel";
import { MODEL_NAMES } from "@/components/model-probabilities";
import { Count, Figure } from "@/components/ui/figures";
import { Cell, type Head, Row, Table } from "@/components/ui/table";
import { Tag } from "@/components/ui/tag";
import { api, useVersion } from "@/lib/api";
import * as format from "@/lib/format";
import { useLive, useTopic } from "@/lib/live/store";
import type { Schemas } from "@/lib/types";

type CellView = Schemas["CellView"];

const HEAD: Head = [
  ["Cell, and what is wanting", "left"],
  ["Skill E", "right"],
  ["Skill E over time", "left"],
  ["Money E", "right"],
  ["Money E over time", "left"],
  ["Ladders", "right"],
  ["Decisions", "right"],
  ["Gate", "left"],
  ["Stage", "left"],
];

/** Ladders in a sparkline: more would not be told apart. */
const POINTS = 60;

/** What every strategy and model has shown for an edge, and what is still wanting. */
export function Evidence() {
  const seq = useLive((view) => view.state?.evidence?.seq ?? 0);
  const isSynthetic = useTopic("health").data?.is_synthetic ?? false;
  const slice = useVersion("evidence", seq, () =>
    api.GET("/api/evidence", { params: { query: { points: POINTS } } }),
  );
  return (
    <Panel
      title="Evidence"
      slice={slice}
      empty="No evidence yet. The first cycle registers the cells that collect it."
      isEmpty={(data) => data.by_cell.length === 0}
      aside={isSynthetic && <Tag tone="risk">SYNTHETIC: evidence of nothing</Tag>}
    >
      {(evidence) => (
        <div>
          <Summary evidence={evidence} />
          {grouped(evidence.by_cell).map((group) => (
            <Group key={group.name} group={group} skill_needed={evidence.skill_needed} />
          ))}
        </div>
      )}
    </Panel>
  );
}

function Summary({ evidence }: { evidence: Schemas["EvidenceReport"] }) {
  return (
    <div className="grid gap-1 px-3 py-2 text-xs">
      <p>{evidence.text}</p>
      <p className="text-dim">
        An E-value of 20 means: without an edge, at most one history in twenty ever gets this far,
        however often one looks. Results on paper contain no real fills: they are no evidence for
        live money. An edge of exactly zero is not closed quickly.
      </p>
      {evidence.problems.map((problem) => (
        <p key={problem} role="alert" className="text-loss">
          {problem}
        </p>
      ))}
    </div>
  );
}

const STRATEGIES: Record<Schemas["Strategy"], string> = {
  single: "Single bins",
  bracket: "Brackets",
  ladder: "Whole ladders",
  longshot: "Longshots",
  manual: "Manual",
};

interface CellGroup {
  name: string;
  isTraded: boolean;
  cells: CellView[];
}

/** Cells by strategy, model and live or paper, in the order of registration. */
function grouped(cells: readonly CellView[]): CellGroup[] {
  const groups = new Map<string, CellGroup>();
  for (const cell of cells) {
    const kind = cell.is_live ? "live" : "paper";
    const name = `${STRATEGIES[cell.strategy]} · ${MODEL_NAMES[cell.model]} · ${kind}`;
    const group = groups.get(name) ?? { name, isTraded: cell.is_traded, cells: [] };
    group.cells.push(cell);
    groups.set(name, group);
  }
  return [...groups.values()];
}

/** Its rows are made when it is opened: 24 cities have hundreds of cells. */
function Group({ group, skill_needed }: { group: CellGroup; skill_needed: number }) {
  const [isOpen, setIsOpen] = useState(group.isTraded);
  const shown = group.cells.filter((cell) => cell.ladders > 0 || isSetByPerson(cell));
  const open = group.cells.filter((cell) => cell.status === "open").length;
  const rest = group.cells.length - shown.length;
  return (
    <details
      open={group.isTraded}
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
      className="group border-line border-t"
    >
      <summary className="label flex flex-wrap items-center gap-2 px-3 py-1.5 hover:bg-raised">
        <span aria-hidden className="transition-transform group-open:rotate-90">
          ›
        </span>
        {group.name}
        {group.isTraded && <Tag tone="model">traded</Tag>}
        <span className="ml-auto normal-case leading-4">
          {group.cells.length} cells, {shown.length} with evidence, {open} open
        </span>
      </summary>
      {isOpen && shown.length > 0 && (
        <div className="max-h-128 overflow-y-auto">
          <Table label={`Evidence ${group.name}`} head={HEAD}>
            {shown.map((cell) => (
              <CellRow key={cell.cell_id} cell={cell} skill_needed={skill_needed} />
            ))}
          </Table>
        </div>
      )}
      {rest > 0 && (
        <p className="px-3 py-2 text-dim text-xs">
          {rest} {rest === 1 ? "cell has" : "cells have"} no settled ladder yet.
        </p>
      )}
    </details>
  );
}

/** Whether a person, or a lost edge, moved the cell from where every live cell starts. */
const isSetByPerson = ({ stage }: CellView): boolean =>
  stage !== null && (stage.stage !== "one_contract" || stage.is_override);

function CellRow({ cell, skill_needed }: { cell: CellView; skill_needed: number }) {
  const { series } = cell;
  return (
    <Row>
      <Cell wraps className="min-w-44">
        <span className="figure font-medium" title={cell.cell_id}>
          {cell.city}
        </span>{" "}
        <span className="text-dim">{cell.lead}</span>
        <p className="text-dim">{cell.wanting}</p>
      </Cell>
      <Cell right>
        <EValue value={cell.skill_e} needed={skill_needed} />
      </Cell>
      <Cell>
        <EvidenceSparkline name="Skill E" values={series.skill_e} threshold={skill_needed} />
      </Cell>
      <Cell right>
        <EValue value={cell.money_e} needed={cell.money_needed} />
      </Cell>
      <Cell>
        <EvidenceSparkline name="Money E" values={series.money_e} threshold={cell.money_needed} />
      </Cell>
      <Cell right>
        <Count value={cell.ladders} />
      </Cell>
      <Cell right>
        <Count value={cell.decisions} />
      </Cell>
      <Cell>
        <Gate cell={cell} />
      </Cell>
      <Cell>
        <StageOf cell={cell} />
      </Cell>
    </Row>
  );
}

const EValue = ({ value, needed }: { value: number; needed: number }) => (
  <span>
    <Figure>{format.eValue(value)}</Figure>{" "}
    <span className="text-dim">of {format.count(Math.round(needed))}</span>
  </span>
);

/** On paper an open gate is in no colour of gain: it says nothing about fills. */
function Gate({ cell }: { cell: CellView }) {
  switch (cell.status) {
    case "open":
      return cell.is_live ? <Tag tone="gain">open</Tag> : <Tag>open on paper</Tag>;
    case "closed":
      return <Tag tone="loss">closed: edge lost</Tag>;
    case "gathering":
      return <Tag>not open</Tag>;
  }
}

function StageOf({ cell: { stage } }: { cell: CellView }) {
  if (stage === null) return <span className="text-dim">{format.NOTHING}</span>;
  const by = stage.by === "" ? "automatically" : `by ${stage.by}`;
  return (
    <span title={`${by}${stage.reason === "" ? "" : `: ${stage.reason}`}`}>
      {stage.stage.replaceAll("_", " ")}{" "}
      {stage.is_override && <Tag tone="risk">beyond the evidence</Tag>}
    </span>
  );
}
