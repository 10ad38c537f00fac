import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { buttonClass } from "@/components/Button";
import { PageTitle } from "@/components/Layout";
import { ServiceList } from "@/features/services/ServiceList";
import { useServices } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";

const route = getRouteApi("/shell/services");

export function Services() {
  const view = useServices();
  const search = route.useSearch();
  const navigate = useNavigate();
  usePageTitle("Services");
  const { services } = view;
  const foreign = services?.filter((service) => !service.in_catalog).length ?? 0;
  const sub = services && [
    `${services.length - foreign} in the catalog`,
    `${services.filter((service) => service.live).length} in the swarm`,
    ...(foreign > 0 ? [`${foreign} not ours`] : []),
  ];
  return (
    <>
      <PageTitle
        title="Services"
        sub={sub?.join(", ")}
        actions={
          <Link to="/new-service" role="button" className={buttonClass("primary")}>
            <Plus aria-hidden className="size-4" />
            New service
          </Link>
        }
      />
      <ServiceList
        view={view}
        search={search}
        onSearch={({ q, show }) =>
          void navigate({
            to: "/services",
            search: { ...(q ? { q } : {}), ...(show !== undefined && show !== "all" ? { show } : {}) },
            replace: true,
          })
        }
      />
    </>
  );
}
