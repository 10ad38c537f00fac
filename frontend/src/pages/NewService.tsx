import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { PageTitle } from "@/components/Layout";
import { NewServiceForm } from "@/features/services/NewServiceForm";
import { usePageTitle } from "@/hooks/usePageTitle";

const route = getRouteApi("/shell/new-service");

export function NewService() {
  const { as } = route.useSearch();
  const navigate = useNavigate();
  usePageTitle("New service");
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
      <NewServiceForm
        way={as ?? "form"}
        onWay={(way) =>
          void navigate({ to: "/new-service", search: way === "yaml" ? { as: "yaml" } : {}, replace: true })
        }
      />
    </>
  );
}
