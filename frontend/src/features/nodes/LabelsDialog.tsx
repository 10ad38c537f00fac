// Labels are replaced as a whole: what others changed meanwhile is shown before it would be lost.
import { Plus, X } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Node } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { DockerCommand } from "@/components/DockerCommand";
import { ProblemNote } from "@/components/States";
import { useLabelsPreview, useSetLabels } from "@/hooks/useNodes";
import { usePaused } from "@/hooks/usePaused";
import { labelCommand, sameLabels } from "@/lib/nodeActs";
import { labelChoices } from "@/lib/taskMap";
import { Moving } from "./Moving";

interface Row {
  id: number;
  key: string;
  value: string;
}

interface Props {
  node: Node;
  all: readonly Node[];
  onClose: () => void;
}

const wellFormed = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const rowsOf = (labels: Node["labels"]): Row[] =>
  Object.entries(labels).map(([key, value], id) => ({ id, key, value }));

function mistakeOf(rows: readonly Row[]): string | null {
  const keys = rows.map(({ key }) => key.trim()).filter((key) => key !== "");
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) return `${twice} is there twice.`;
  const odd = keys.find((key) => !wellFormed.test(key));
  if (odd !== undefined)
    return `${odd} is no key: letters, digits, dots, dashes and underscores, beginning with a letter or digit.`;
  return rows.some(({ key, value }) => key.trim() === "" && value.trim() !== "")
    ? "A value has no key."
    : null;
}

export default function LabelsDialog({ node, all, onClose }: Props) {
  const [began, setBegan] = useState(node.labels);
  const [rows, setRows] = useState<Row[]>(() =>
    Object.keys(node.labels).length === 0 ? [{ id: 0, key: "", value: "" }] : rowsOf(node.labels),
  );
  const [next, setNext] = useState(1_000);
  const change = useSetLabels(node);
  const labels = useMemo(
    () =>
      Object.fromEntries(
        rows.filter(({ key }) => key.trim() !== "").map(({ key, value }) => [key.trim(), value.trim()]),
      ),
    [rows],
  );
  const mistake = mistakeOf(rows);
  const changed = !sameLabels(labels, node.labels);
  const text = JSON.stringify(labels);
  const paused = usePaused(text);
  const preview = useLabelsPreview(node.id, labels, mistake === null && changed && paused === text);
  const overtaken = !sameLabels(began, node.labels);
  const take = () => {
    setBegan(node.labels);
    setRows(rowsOf(node.labels));
  };
  return (
    <Dialog
      title={`Labels of ${node.hostname}`}
      description="Services choose nodes by labels: node.labels.zone == a in their constraints, or to spread over them."
      onClose={onClose}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (mistake === null && changed && !overtaken) change.mutate(labels, { onSuccess: onClose });
        }}
      >
        <LabelRows rows={rows} all={all} onChange={setRows} />
        <Button
          size="sm"
          className="self-start"
          onClick={() => {
            setRows([...rows, { id: next, key: "", value: "" }]);
            setNext(next + 1);
          }}
        >
          <Plus aria-hidden className="size-3.5" />
          Add label
        </Button>
        {mistake !== null && (
          <p role="alert" className="text-bad-ink text-sm">
            {mistake}
          </p>
        )}
        {overtaken && (
          <div role="alert" className="rounded-lg bg-warn-soft px-3.5 py-2.5 text-sm text-warn-ink">
            <p className="font-medium">Somebody changed the labels meanwhile. They are now:</p>
            <p className="mt-1 font-mono text-xs [overflow-wrap:anywhere]">
              {Object.entries(node.labels)
                .map(([key, value]) => `${key}=${value}`)
                .join("  ") || "none"}
            </p>
            <div className="mt-2 flex gap-2">
              <Button size="sm" onClick={take}>
                Take theirs
              </Button>
              <Button size="sm" onClick={() => setBegan(node.labels)}>
                Keep mine
              </Button>
            </div>
          </div>
        )}
        {changed && mistake === null && (
          <div className="flex flex-col gap-3">
            <Moving
              services={paused === text ? preview.data?.services : undefined}
              problem={preview.error === null ? null : asProblem(preview.error)}
              nothing="Every task here may stay: nothing moves."
            />
            <DockerCommand>{labelCommand(node, node.labels, labels)}</DockerCommand>
          </div>
        )}
        {change.error !== null && <ProblemNote problem={asProblem(change.error)} />}
        <div className="mt-2 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            busy={change.isPending}
            disabled={!changed || mistake !== null || overtaken}
          >
            Save labels
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface RowsProps {
  rows: readonly Row[];
  all: readonly Node[];
  onChange: (rows: Row[]) => void;
}

function LabelRows({ rows, all, onChange }: RowsProps) {
  const id = useId();
  const { keys, pairs } = useMemo(() => labelChoices(all), [all]);
  const set = (row: Row, change: Partial<Row>) =>
    onChange(rows.map((other) => (other.id === row.id ? { ...other, ...change } : other)));
  return (
    <>
      <datalist id={`${id}-keys`}>
        {keys.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      {rows.length === 0 && <p className="text-ink-3">No labels.</p>}
      {rows.map((row, index) => (
        <div key={row.id} className="flex items-center gap-2">
          <input
            aria-label={`Key of label ${index + 1}`}
            placeholder="zone"
            list={`${id}-keys`}
            spellCheck={false}
            autoCapitalize="none"
            value={row.key}
            onChange={(event) => set(row, { key: event.target.value })}
            className="field min-w-0 flex-1 font-mono text-sm"
          />
          <span aria-hidden className="text-ink-3">
            =
          </span>
          <datalist id={`${id}-${row.id}`}>
            {pairs
              .filter((pair) => pair.startsWith(`${row.key}=`))
              .map((pair) => (
                <option key={pair} value={pair.slice(row.key.length + 1)} />
              ))}
          </datalist>
          <input
            aria-label={`Value of label ${index + 1}`}
            placeholder="value"
            list={`${id}-${row.id}`}
            spellCheck={false}
            autoCapitalize="none"
            value={row.value}
            onChange={(event) => set(row, { value: event.target.value })}
            className="field min-w-0 flex-1 font-mono text-sm"
          />
          <IconButton
            label={`Remove label ${index + 1}`}
            onClick={() => onChange(rows.filter(({ id: other }) => other !== row.id))}
          >
            <X />
          </IconButton>
        </div>
      ))}
    </>
  );
}
