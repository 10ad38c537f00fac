// One of a list's filters: a value, or all.

interface ChoiceProps<V extends string> {
  label: string;
  all: string;
  value: V | undefined;
  values: readonly (V | readonly [value: V, words: string])[];
  onChoose: (value: V | "") => void;
}

export function Choice<V extends string>({ label, all, value, values, onChoose }: ChoiceProps<V>) {
  const pairs = values.map((each): readonly [V, string] => (typeof each === "string" ? [each, each] : each));
  // What the address asks for is shown although nothing like it is there now.
  const known = value === undefined || pairs.some(([one]) => one === value);
  return (
    <select
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChoose(event.target.value as V | "")}
      className="field w-auto min-w-28 max-w-56 max-sm:flex-1"
    >
      <option value="">{all}</option>
      {!known && <option value={value}>{value}</option>}
      {pairs.map(([one, words]) => (
        <option key={one} value={one}>
          {words}
        </option>
      ))}
    </select>
  );
}
