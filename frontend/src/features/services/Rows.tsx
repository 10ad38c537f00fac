// Repeated inputs of the form: each row has its labels, its way out and a way to add another.
import { Plus, X } from "lucide-react";
import { type ReactNode, useId } from "react";
import { Button, IconButton } from "@/components/Button";

interface RowsProps<T extends { id: number }> {
  title: string;
  /** What one row is called, in the singular. */
  noun: string;
  hint: ReactNode;
  error?: string | undefined;
  rows: T[];
  fresh: (id: number) => T;
  onChange: (rows: T[]) => void;
  children: (row: T, set: (change: Partial<T>) => void, label: string) => ReactNode;
}

let lastId = 0;

export function Rows<T extends { id: number }>(props: RowsProps<T>) {
  const { title, noun, hint, error, rows, fresh, onChange, children } = props;
  const id = useId();
  const set = (row: T) => (change: Partial<T>) =>
    onChange(rows.map((other) => (other.id === row.id ? { ...other, ...change } : other)));
  const add = () => {
    lastId += 1;
    onChange([...rows, fresh(lastId)]);
  };
  return (
    <fieldset aria-describedby={`${id}-hint`} className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 font-medium">{title}</legend>
      {rows.map((row, index) => (
        <div key={row.id} className="flex items-center gap-2 max-sm:flex-wrap">
          {children(row, set(row), `${noun} ${index + 1}`)}
          <IconButton
            label={`Remove ${noun.toLowerCase()} ${index + 1}`}
            onClick={() => onChange(rows.filter((other) => other.id !== row.id))}
          >
            <X />
          </IconButton>
        </div>
      ))}
      {error !== undefined && (
        <p role="alert" className="text-bad-ink text-sm">
          {error}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button size="sm" onClick={add}>
          <Plus aria-hidden className="size-3.5" />
          Add {noun.toLowerCase()}
        </Button>
        <p id={`${id}-hint`} className="text-ink-3 text-sm">
          {hint}
        </p>
      </div>
    </fieldset>
  );
}
