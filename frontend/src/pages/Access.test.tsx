import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { network } from "@/testing/network";
import { open } from "@/testing/open";
import { listing } from "@/testing/samples";

const laptop = {
  id: "t1",
  name: "laptop",
  created_at: "2026-01-02T03:04:05Z",
  expires_at: null,
  last_used_at: null,
};

test("a new token is shown once, and gone when the dialog closes", async () => {
  const { asked } = network({
    "GET /api/tokens": listing([]),
    "POST /api/tokens": { ...laptop, token: "swo_secret" },
  });
  const { user } = open("/access");
  await user.click(await screen.findByRole("button", { name: "New token" }));
  await user.type(await screen.findByLabelText("Name"), "laptop");
  await user.selectOptions(screen.getByLabelText("Expires"), "never");
  await user.click(screen.getByRole("button", { name: "Create token" }));
  expect(await screen.findByText("swo_secret")).toBeTruthy();
  expect(asked.find((request) => request.method === "POST")?.body).toEqual({
    name: "laptop",
    expires_in_days: null,
  });
  await user.click(screen.getByRole("button", { name: "I have copied it" }));
  await waitFor(() => expect(screen.queryByText("swo_secret")).toBeNull());
});

test("revoking asks first and names the token", async () => {
  const { asked } = network({
    "GET /api/tokens": listing([laptop]),
    "DELETE /api/tokens/t1": new Response(null, { status: 204 }),
  });
  const { user } = open("/access");
  await user.click(await screen.findByRole("button", { name: "Revoke laptop" }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Revoke laptop?" }));
  await user.click(dialog.getByRole("button", { name: "Revoke" }));
  await waitFor(() => expect(asked.some((request) => request.method === "DELETE")).toBe(true));
});
