import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { buttonClass } from "@/components/Button";
import { EmptyState } from "@/components/States";

export function NotFound() {
  return (
    <main>
      <EmptyState
        first
        icon={Compass}
        title="There is no such page"
        action={
          <Link to="/" className={buttonClass("plain")}>
            To the dashboard
          </Link>
        }
      >
        <p>The address may be mistyped, or what it named is gone.</p>
      </EmptyState>
    </main>
  );
}
