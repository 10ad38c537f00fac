// What may not be done, and why: the act itself is impossible, or the person may not.
import type { Service } from "@/api/types";
import { barredEntry, notAllowed, type Permission } from "@/lib/permissions";
import { type ServiceAct, serviceActNeeds, whyNot } from "@/lib/serviceActs";
import { useSession } from "./useApi";

/** `may("operate")` is null, or the sentence that says what is missing. */
export function useMay(): (permission: Permission) => string | null {
  const { data } = useSession();
  return (permission) => notAllowed(data, permission);
}

/** The same for an entry of a menu: switched off, and whether that is a question of rights. */
export function useEntry(): (service: Service, act: ServiceAct) => { disabled?: boolean; hint?: string } {
  const may = useMay();
  return (service, act) => {
    const forbidden = barredEntry(may(serviceActNeeds[act]));
    return forbidden.disabled ? forbidden : { disabled: whyNot(service, act) !== null };
  };
}

export function useWhyNot(): (service: Service, act: ServiceAct) => string | null {
  const may = useMay();
  return (service, act) => may(serviceActNeeds[act]) ?? whyNot(service, act);
}
