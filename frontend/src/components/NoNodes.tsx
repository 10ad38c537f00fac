// What a list of nodes says where there is no swarm.
import { Server } from "lucide-react";
import { Command } from "./CopyButton";
import { EmptyState } from "./States";

export const NoNodes = () => (
  <div className="card">
    <EmptyState icon={Server} title="No nodes">
      <p>The engine is not part of a swarm. This makes it the first manager:</p>
      <Command>docker swarm init</Command>
    </EmptyState>
  </div>
);
