import { isLoopback } from "@/lib/loopback";
import { useSession } from "./useApi";

/** Whether somebody on the way can listen: what does not leave the machine nobody hears. */
export function usePlainHttp(): boolean {
  const { data: session } = useSession();
  return session?.secure === false && !isLoopback(globalThis.location.origin);
}
