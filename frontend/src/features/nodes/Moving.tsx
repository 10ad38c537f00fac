// What a change of a node does to its tasks, service by service.
import { MoveRight, OctagonX } from "lucide-react";
import type { ReactNode } from "react";
import type { ApiProblem } from "@/api/problem";
import type { MovingService } from "@/api/types";
import { ProblemNote, Skeleton } from "@/components/States";
import { plural } from "@/lib/format";

interface Props {
  services: readonly MovingService[] | undefined;
  problem: ApiProblem | null;
  /** Said when nothing moves. */
  nothing: ReactNode;
  /** The tasks cannot be seen any more: where they go on is not for the swarm to say. */
  title?: string;
}

export function Moving({ services, problem, nothing, title = "Starts again on other nodes" }: Props) {
  if (problem !== null)
    return (
      <ProblemNote problem={problem}>
        <p className="mt-0.5">What would move could not be read.</p>
      </ProblemNote>
    );
  if (services === undefined)
    return (
      <div role="status" aria-label="Reading what would move" className="flex flex-col gap-2">
        <Skeleton className="h-4 w-52" />
        <Skeleton className="h-4 w-40" />
      </div>
    );
  if (services.length === 0) return <p className="text-ink">{nothing}</p>;
  return (
    <>
      <Group title={title} services={services.filter(({ moves }) => moves)} />
      <Group title="Ends here and starts nowhere else" services={services.filter(({ moves }) => !moves)} />
    </>
  );
}

function Group({ title, services }: { title: string; services: readonly MovingService[] }) {
  if (services.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 font-medium text-ink">{title}</h3>
      <ul className="max-h-56 overflow-y-auto rounded-lg border border-line">
        {services.map(({ service, tasks, moves, note }) => (
          <li
            key={service}
            className="flex items-start gap-2.5 border-line border-b px-3 py-1.5 last:border-b-0"
          >
            {moves ? (
              <MoveRight aria-hidden className="mt-0.5 size-4 shrink-0 text-move-ink" />
            ) : (
              <OctagonX aria-hidden className="mt-0.5 size-4 shrink-0 text-wait-ink" />
            )}
            <span className="min-w-0 flex-1">
              <b className="font-semibold text-ink">{service}</b>
              {note !== null && <span className="block text-sm">{note}</span>}
            </span>
            <span className="num whitespace-nowrap text-sm">{plural(tasks, "task")}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
