import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { Tabs } from "./Tabs";

function Three() {
  const [value, setValue] = useState<"a" | "b" | "c">("a");
  return (
    <Tabs
      label="Views"
      value={value}
      entries={[
        { value: "a", label: "Apples" },
        { value: "b", label: "Berries", count: 2 },
        { value: "c", label: "Cherries" },
      ]}
      onChange={setValue}
    >
      <p>{value}</p>
    </Tabs>
  );
}

test("one tab stop for all tabs; arrows go round, Enter opens, Tab goes on to what is shown", async () => {
  const user = userEvent.setup();
  render(<Three />);
  await user.tab();
  expect(document.activeElement).toBe(screen.getByRole("tab", { name: "Apples" }));
  await user.keyboard("{ArrowLeft}");
  expect(document.activeElement).toBe(screen.getByRole("tab", { name: "Cherries" }));
  await user.keyboard("{ArrowRight}{ArrowRight}");
  expect(screen.getByRole("tab", { selected: true }).textContent).toBe("Apples");
  await user.keyboard("{Enter}");
  expect(screen.getByRole("tab", { selected: true }).textContent).toBe("Berries2");
  const panel = screen.getByRole("tabpanel", { name: "Berries 2" });
  expect(panel.textContent).toBe("b");
  await user.keyboard("{End}{Home}{End}{Tab}");
  expect(document.activeElement).toBe(panel);
});
