// The lines that differ between two texts, in order.

export interface ChangedLine {
  key: string;
  sign: "+" | "-";
  text: string;
}

const MOST = 2_000;

/** By the longest common subsequence; texts beyond `MOST` lines are not compared. */
export function changedLines(before: string, after: string): ChangedLine[] {
  const a = before.replace(/\n$/, "").split("\n");
  const b = after.replace(/\n$/, "").split("\n");
  if (a.length > MOST || b.length > MOST) return [];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: ChangedLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ key: `-${i}`, sign: "-", text: a[i] ?? "" });
      i += 1;
    } else {
      lines.push({ key: `+${j}`, sign: "+", text: b[j] ?? "" });
      j += 1;
    }
  }
  return lines;
}
