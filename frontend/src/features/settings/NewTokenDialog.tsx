import { useState } from "react";
import type { TokenCreated } from "@/api/types";
import { Button } from "@/components/Button";
import { Command } from "@/components/CopyButton";
import { Dialog } from "@/components/Dialog";
import { TokenForm } from "@/components/TokenForm";
import { TokenOnce } from "@/components/TokenOnce";

export default function NewTokenDialog({ onClose }: { onClose: () => void }) {
  // Nowhere else: it is gone with the dialog.
  const [created, setCreated] = useState<TokenCreated | null>(null);
  if (created !== null) return <Created token={created} onClose={onClose} />;
  return (
    <Dialog title="New token" description="For scripts, CI and agents." onClose={onClose}>
      <TokenForm
        placeholder="laptop"
        asks={false}
        aside={<Button onClick={onClose}>Cancel</Button>}
        onCreated={setCreated}
      />
    </Dialog>
  );
}

function Created({ token, onClose }: { token: TokenCreated; onClose: () => void }) {
  return (
    <Dialog title={`Token ${token.name}`} onClose={onClose}>
      <div className="flex flex-col gap-4">
        <TokenOnce token={token} />
        <Command>{`curl -H "Authorization: Bearer $TOKEN" \\\n  ${globalThis.location.origin}/api/services`}</Command>
        <div className="flex justify-end">
          <Button look="primary" onClick={onClose}>
            I have copied it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
