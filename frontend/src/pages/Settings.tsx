import { PageTitle } from "@/components/Layout";
import { About } from "@/features/settings/About";
import { Appearance } from "@/features/settings/Appearance";
import { Backups } from "@/features/settings/Backups";
import { SignIns } from "@/features/settings/SignIns";
import { Tokens } from "@/features/settings/Tokens";
import { usePageTitle } from "@/hooks/usePageTitle";

export function Settings() {
  usePageTitle("Settings");
  return (
    <>
      <PageTitle title="Settings" sub="access, this browser, and what runs here" />
      <div className="flex flex-col gap-4">
        <Tokens />
        <SignIns />
        <Backups />
        <div className="grid items-start gap-4 xl:grid-cols-2">
          <Appearance />
          <About />
        </div>
      </div>
    </>
  );
}
