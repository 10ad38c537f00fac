// The blocks for each common client, with the token in them or not, ready to be copied.
import { useState } from "react";
import { Command } from "@/components/CopyButton";
import { Field } from "@/components/Field";
import { Said } from "@/components/Said";
import { Tabs } from "@/components/Tabs";
import { type Block, type Connection, clients } from "@/lib/agentBlocks";

const FOLDER = "/path/to/swarm-orchestrator";

export function ClientBlocks({ connection }: { connection: Omit<Connection, "folder"> }) {
  const [chosen, choose] = useState(clients[0]?.id ?? "");
  const [folder, setFolder] = useState(FOLDER);
  const whole = { ...connection, folder: folder.trim() === "" ? FOLDER : folder.trim() };
  const blocks = clients.find(({ id }) => id === chosen)?.blocks(whole) ?? [];
  const local = blocks.some(({ text }) => text.includes("backend.mcp_server"));
  return (
    <Tabs
      label="Client"
      value={chosen}
      entries={clients.map(({ id, name }) => ({ value: id, label: name }))}
      onChange={choose}
    >
      <div className="flex flex-col gap-5">
        {blocks.map((block) => (
          <OneBlock key={block.title} block={block} />
        ))}
        {local && (
          <Field
            label="Folder of the orchestrator on the agent’s machine"
            value={folder}
            hint={
              <>
                For what is started there as a process: a checkout in which{" "}
                <code className="font-mono">make run</code> was called once. Over HTTP none is needed.
              </>
            }
            spellCheck={false}
            onChange={(event) => setFolder(event.target.value)}
          />
        )}
      </div>
    </Tabs>
  );
}

function OneBlock({ block: { title, where, text, note } }: { block: Block }) {
  return (
    <section aria-label={title} className="min-w-0">
      <h3 className="font-medium">{title}</h3>
      <p className="mb-1.5 text-ink-3 text-sm">{where}</p>
      <Command label={`Copy: ${title}`}>{text}</Command>
      {note !== undefined && (
        <p className="mt-1.5 text-ink-2 text-sm">
          <Said>{note}</Said>
        </p>
      )}
    </section>
  );
}
