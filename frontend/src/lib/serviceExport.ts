// The list as a file, for a spreadsheet or a script.
import type { Service } from "@/api/types";

const fields: readonly [name: string, of: (service: Service) => string | number | boolean | null][] = [
  ["name", (service) => service.name],
  ["status", (service) => service.status],
  ["reason", (service) => service.reason],
  ["message", (service) => service.message],
  ["mode", (service) => service.mode],
  ["running", (service) => service.running],
  ["desired", (service) => service.desired],
  ["image", (service) => service.image],
  ["digest", (service) => service.digest],
  ["nodes", (service) => service.nodes.map((node) => `${node.hostname}:${node.running}`).join(" ")],
  [
    "ports",
    (service) =>
      service.ports.map((port) => `${port.published ?? ""}:${port.target}/${port.protocol}`).join(" "),
  ],
  ["stack", (service) => service.stack],
  ["in_catalog", (service) => service.in_catalog],
  ["revision", (service) => service.revision],
  ["drift", (service) => service.drift],
  ["updated_at", (service) => service.updated_at],
];

function cell(value: string | number | boolean | null): string {
  if (value === null) return "";
  // A spreadsheet takes what begins so for a formula and computes it.
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function asCsv(services: readonly Service[]): string {
  const head = fields.map(([name]) => name).join(",");
  const rows = services.map((service) => fields.map(([, of]) => cell(of(service))).join(","));
  return `${[head, ...rows].join("\r\n")}\r\n`;
}

export const asJson = (services: readonly Service[]) => `${JSON.stringify(services, null, 2)}\n`;

export function saveFile(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
