import type { SignIn } from "@/api/types";

export const comesFrom = ({ address }: SignIn) => address ?? "an unknown address";
