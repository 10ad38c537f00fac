// Menus come after the first paint: until then the same button stands in their place.
import { type ComponentProps, Suspense } from "react";
import { later } from "@/lib/later";

const Menu = later(() => import("./Menu"));

export function LazyMenu(props: ComponentProps<typeof Menu>) {
  return (
    <Suspense fallback={props.trigger}>
      <Menu {...props} />
    </Suspense>
  );
}
