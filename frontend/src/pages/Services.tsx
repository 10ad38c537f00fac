import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { PageTitle } from "@/components/Layout";
import { NewServiceLink } from "@/components/NewServiceLink";
import { ServiceList } from "@/features/services/ServiceList";
import { useAhead } from "@/hooks/useAhead";
import { useServices } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { type ServicesSearch, servicesSearch } from "@/lib/search";

const route = getRouteApi("/shell/services");

export function Services() {
  const view = useServices();
  const navigate = useNavigate();
  const address: ServicesSearch = route.useSearch();
  const [search, setSearch] = useAhead(
    address,
    (next) => void navigate({ to: "/services", search: next, replace: true, resetScroll: false }),
  );
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
          <NewServiceLink role="button">
            <Plus aria-hidden className="size-4" />
            New service
          </NewServiceLink>
        }
      />
      <ServiceList view={view} search={search} onSearch={(next) => setSearch(servicesSearch({ ...next }))} />
    </>
  );
}
