// The arguments of an act as a person reads them.
import type { Approval } from "@/api/types";
import { plainly } from "./approvals";
import { asYaml } from "./yamlText";

export interface ShownArgument {
  name: string;
  text: string;
  /** Too long or too deep for a line of its own. */
  block: boolean;
}

/** The arguments, without the one that only says the target again. */
export function shownArguments({
  arguments: given,
  target,
}: Pick<Approval, "arguments" | "target">): ShownArgument[] {
  return Object.entries(given)
    .filter(([, value]) => (Array.isArray(value) ? value.join(", ") : value) !== target)
    .map(([key, value]) => {
      const name = plainly(key.replaceAll("_", " "));
      if (typeof value === "object" && value !== null) {
        const list = Array.isArray(value);
        if (list && value.every((item) => typeof item !== "object"))
          return { name, text: plainly(value.map(String).join(", ")), block: false };
        const text = list ? JSON.stringify(value, null, 2) : asYaml(value as Record<string, unknown>);
        return { name, text: plainly(text.trimEnd()), block: true };
      }
      const text = plainly(String(value).trimEnd());
      return { name, text, block: text.includes("\n") };
    });
}
