// A registry that does not answer: its sentence, and how old what is shown is.
import { RotateCw } from "lucide-react";
import type { ApiProblem } from "@/api/problem";
import { Button } from "@/components/Button";
import { RelativeTime } from "@/components/RelativeTime";
import { ProblemNote } from "@/components/States";

interface Props {
  problem: ApiProblem;
  /** When what is still shown was read. */
  asOf: string;
  busy: boolean;
  onRetry: () => void;
}

export function RegistryAway({ problem, asOf, busy, onRetry }: Props) {
  return (
    <div className="mb-3.5">
      <ProblemNote problem={problem}>
        <div className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <span>
            What is listed was read <RelativeTime at={asOf} className="num" />.
          </span>
          <Button size="sm" busy={busy} onClick={onRetry}>
            {!busy && <RotateCw aria-hidden className="size-3.5" />}
            Try again
          </Button>
        </div>
      </ProblemNote>
    </div>
  );
}
