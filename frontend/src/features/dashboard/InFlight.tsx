// Rollouts in flight, each with its slots as they change.
import { Link } from "@tanstack/react-router";
import { Card } from "@/components/Layout";
import { RolloutLine } from "@/components/RolloutProgress";
import { useInFlight } from "@/hooks/useActivity";

const MOST = 6;

/** Nothing is shown while nothing moves, so that the page is about what is. */
export function InFlight() {
  const { data } = useInFlight(MOST);
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Card
      title="Rollouts in flight"
      sub={data.total > MOST ? `the newest ${MOST} of ${data.total}` : "live"}
      aside={
        <Link
          to="/deployments"
          search={{ state: "in-flight" }}
          className="text-accent text-sm underline underline-offset-2"
        >
          All
        </Link>
      }
    >
      <ul>
        {data.items.map((deployment) => (
          <li key={deployment.id} className="border-line border-b last:border-b-0">
            <RolloutLine deployment={deployment} named />
          </li>
        ))}
      </ul>
    </Card>
  );
}
