import { expect, test } from "vitest";
import { ApiProblem, asProblem, inWords, problemFrom } from "./problem";

test("a problem keeps code, detail and the field errors with their lines", () => {
  const problem = problemFrom(422, {
    code: "invalid_input",
    detail: "The definition has 1 error.",
    errors: [{ field: "replica", reason: "is not known", line: 3, column: 1 }, "noise", { field: "x" }],
  });
  expect(problem).toMatchObject({
    status: 422,
    code: "invalid_input",
    detail: "The definition has 1 error.",
  });
  expect(problem.errors).toEqual([{ field: "replica", reason: "is not known", line: 3, column: 1 }]);
});

test("what is no problem document still becomes a sentence", () => {
  expect(problemFrom(502, "<html>Bad gateway</html>").detail).toContain("Is the server running?");
  expect(problemFrom(500, undefined).detail).toContain("500");
  expect(asProblem(new TypeError("fetch failed")).code).toBe("no_answer");
  expect(asProblem("odd").detail).toBe("odd");
});

test("in words a reason is told once", () => {
  const problem = new ApiProblem({
    status: 409,
    code: "missing_reference",
    detail: "The swarm lacks what is named: the network x does not exist.",
    errors: [
      { field: "networks", reason: "the network x does not exist." },
      { field: "secrets", reason: "the secret y does not exist." },
    ],
  });
  expect(inWords(problem)).toBe(
    "The swarm lacks what is named: the network x does not exist. secrets the secret y does not exist.",
  );
});
