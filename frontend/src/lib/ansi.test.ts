import { expect, test } from "vitest";
import { ansiSpans } from "./ansi";

const plain = (line: string) =>
  ansiSpans(line)
    .map(({ text }) => text)
    .join("");

test("colours and looks begin and end where the codes say", () => {
  expect(ansiSpans("a \u001b[1;31mred\u001b[0m b")).toEqual([
    { text: "a " },
    { text: "red", bold: true, color: 1 },
    { text: " b" },
  ]);
  expect(ansiSpans("\u001b[4munder\u001b[24m not")).toEqual([
    { text: "under", underline: true },
    { text: " not" },
  ]);
});

test("256 colours and true colours become the nearest of the sixteen, numbers out of range none", () => {
  const colour = (codes: string) => ansiSpans(`\u001b[${codes}mx`)[0]?.color;
  expect(["38;5;196", "38;5;46", "38;5;21", "38;5;11", "38;5;240"].map(colour)).toEqual([9, 10, 12, 11, 8]);
  expect(["38;2;200;0;0", "38;2;0;0;0", "38;2;255;255;255", "38;2;255;165;0"].map(colour)).toEqual([
    1, 0, 15, 11,
  ]);
  expect(ansiSpans("\u001b[48;2;1;2;3mx")).toEqual([{ text: "x", background: 0 }]);
  expect(ansiSpans("\u001b[38;2;999;0;0mx")).toEqual([{ text: "x" }]);
  expect(ansiSpans("\u001b[38;5;999mx")).toEqual([{ text: "x" }]);
});

test("every colour that comes out is one of sixteen, whatever goes in", () => {
  for (let code = 0; code < 300; code += 1)
    for (const codes of [`${code}`, `38;5;${code}`, `48;2;${code};${255 - code};7`])
      for (const { color = 0, background = 0 } of ansiSpans(`\u001b[${codes}mx`))
        expect([color, background].every((each) => Number.isInteger(each) && each >= 0 && each < 16)).toBe(
          true,
        );
});

test("what is not a colour leaves no trace: cursor moves, links, bells, half a code", () => {
  expect(plain("\u001b[2K\u001b[1Gdone\u0007")).toBe("done");
  expect(plain("\u001b]8;;https://x.example\u0007link\u001b]8;;\u0007")).toBe("link");
  expect(plain("\u001b]0;title\u001b\\text")).toBe("text");
  expect(plain("end\u001b")).toBe("end");
});

test("a line that was written over shows what stands there last", () => {
  expect(plain("10 %\r50 %\r100 %")).toBe("100 %");
  expect(plain("done\r")).toBe("done");
});

test("markup stays text", () => {
  expect(ansiSpans("<img src=x onerror=alert(1)>")).toEqual([{ text: "<img src=x onerror=alert(1)>" }]);
});
