// Menus come after the first paint: until then the same button stands in their place.
import { type ComponentProps, lazy, Suspense } from "react";

const Menu = lazy(() => import("./Menu"));

export function LazyMenu(props: ComponentProps<typeof Menu>) {
  return (
    <Suspense fallback={props.trigger}>
      <Menu {...props} />
    </Suspense>
  );
}
