// `/` puts the cursor into the view's filter box, unless one is typing already.
import type { RefObject } from "react";
import { useKeys } from "./useKeys";

export function useSlash(box: RefObject<HTMLInputElement | null>) {
  useKeys([
    {
      key: "/",
      label: "Filter",
      run: () => {
        box.current?.focus();
        box.current?.select();
      },
    },
  ]);
}
