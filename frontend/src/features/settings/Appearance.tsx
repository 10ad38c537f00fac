// How the page looks in this browser.
import { clsx } from "clsx";
import type { ReactNode } from "react";
import { useId } from "react";
import { Card } from "@/components/Layout";
import { useNow } from "@/hooks/useNow";
import { themes, useTheme } from "@/hooks/useTheme";
import { whenExactly } from "@/lib/format";
import { clocks, densities, setClock, setDensity, useClock, useDensity } from "@/lib/preferences";

interface ChooserProps<V extends string> {
  label: string;
  hint: ReactNode;
  value: V;
  values: readonly V[];
  words?: Partial<Record<V, string>>;
  onChoose: (value: V) => void;
}

function Chooser<V extends string>({ label, hint, value, values, words, onChoose }: ChooserProps<V>) {
  const name = useId();
  return (
    <fieldset className="flex flex-wrap items-center gap-x-6 gap-y-2 border-line border-b px-4 py-3 last:border-b-0">
      <legend className="sr-only">{label}</legend>
      <div className="min-w-48 flex-1">
        <p aria-hidden className="font-medium">
          {label}
        </p>
        <p className="num text-ink-3 text-sm">{hint}</p>
      </div>
      <div className="flex rounded-lg border border-line-strong p-0.5">
        {values.map((each) => (
          <label
            key={each}
            className={clsx(
              "cursor-pointer rounded-md px-3 py-1 font-medium text-sm has-focus-visible:outline-2 has-focus-visible:outline-accent",
              each === value ? "bg-accent-soft text-accent" : "text-ink-2 hover:text-ink",
            )}
          >
            <input
              type="radio"
              name={name}
              className="sr-only"
              checked={each === value}
              onChange={() => onChoose(each)}
            />
            {words?.[each] ?? `${each.charAt(0).toUpperCase()}${each.slice(1)}`}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Appearance() {
  const [theme, choose] = useTheme();
  const density = useDensity();
  const clock = useClock();
  const now = useNow(1_000);
  return (
    <Card title="Appearance" sub="of this browser">
      <Chooser
        label="Theme"
        hint="System follows what the machine is set to."
        value={theme}
        values={themes}
        onChoose={choose}
      />
      <Chooser
        label="Density"
        hint="Compact shows more rows at a time."
        value={density}
        values={densities}
        onChoose={setDensity}
      />
      <Chooser
        label="Times"
        hint={`Now: ${whenExactly(new Date(now).toISOString())}`}
        value={clock}
        values={clocks}
        words={{ local: "Local", utc: "UTC" }}
        onChoose={setClock}
      />
    </Card>
  );
}
