import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ShieldX } from "lucide-react";
import { PageTitle } from "@/components/Layout";
import { EmptyState } from "@/components/States";
import { NewServiceForm } from "@/features/services/NewServiceForm";
import { usePageTitle } from "@/hooks/usePageTitle";
import { useMay } from "@/hooks/usePermissions";
import type { NewServiceSearch } from "@/lib/search";

const route = getRouteApi("/shell/new-service");

export function NewService() {
  const { as, project }: NewServiceSearch = route.useSearch();
  const navigate = useNavigate();
  usePageTitle("New service");
  const mayNot = useMay()("edit");
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-1 text-ink-3 text-sm">
        <Link to="/services" className="hover:text-ink hover:underline">
          Services
        </Link>{" "}
        /
      </nav>
      <PageTitle
        title="New service"
        sub="A definition in the catalog, and a service of the same name in the swarm"
      />
      {mayNot !== null ? (
        <div className="card">
          <EmptyState icon={ShieldX} title="You may not write definitions">
            <p>{mayNot} Ask somebody who may, or an admin for the right to.</p>
          </EmptyState>
        </div>
      ) : (
        <NewServiceForm
          project={project}
          way={as ?? "form"}
          onWay={(way) =>
            void navigate({
              to: "/new-service",
              search: { ...(way === "yaml" && { as: way }), ...(project !== undefined && { project }) },
              replace: true,
            })
          }
        />
      )}
    </>
  );
}
