// Two changes of one text as one text, by lines; where both changed the same lines there is no answer of its own.

/** Pairs of equal lines, in order: the longest common part. */
function common(a: readonly string[], b: readonly string[]): [number, number][] {
  const long = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (i: number, j: number) => long[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = long[i];
      if (row !== undefined)
        row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}

export interface Merged {
  text: string;
  /** How often both changed the same lines; there mine is taken. */
  conflicts: number;
}

export function mergeTexts(base: string, mine: string, theirs: string): Merged {
  const [old, a, b] = [base.split("\n"), mine.split("\n"), theirs.split("\n")] as const;
  const inMine = new Map(common(old, a));
  const inTheirs = new Map(common(old, b));
  const lines: string[] = [];
  let conflicts = 0;
  let [o, i, j] = [0, 0, 0];
  const take = (toOld: number, toMine: number, toTheirs: number) => {
    const was = old.slice(o, toOld).join("\n");
    const ours = a.slice(i, toMine);
    const other = b.slice(j, toTheirs);
    const [weChanged, theyChanged] = [ours.join("\n") !== was, other.join("\n") !== was];
    const sizesDiffer = ours.length !== toOld - o || other.length !== toOld - o;
    if (!weChanged && (theyChanged || sizesDiffer)) lines.push(...other);
    else {
      lines.push(...ours);
      if (weChanged && theyChanged && ours.join("\n") !== other.join("\n")) conflicts += 1;
    }
    [o, i, j] = [toOld, toMine, toTheirs];
  };
  for (let at = 0; at < old.length; at += 1) {
    const [x, y] = [inMine.get(at), inTheirs.get(at)];
    if (x === undefined || y === undefined) continue;
    take(at, x, y);
    lines.push(old[at] ?? "");
    [o, i, j] = [at + 1, x + 1, y + 1];
  }
  take(old.length, a.length, b.length);
  return { text: lines.join("\n"), conflicts };
}
