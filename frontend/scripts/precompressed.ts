// Puts each text file of the built page on disk a second and third time, compressed once and for good.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(css|html|js|svg|txt)$/;
// The server sends what it finds: keep a compressed form only where it saves a packet.
const WORTH_IT = 1024;

const codings = [
  {
    ending: ".br",
    compress: (text: Buffer) =>
      promisify(brotliCompress)(text, {
        params: {
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
        },
      }),
  },
  // Browsers take brotli over HTTPS and from this machine only.
  { ending: ".gz", compress: (text: Buffer) => promisify(gzip)(text, { level: 9 }) },
];

export function precompressed(): Plugin {
  let folder = "";
  return {
    name: "precompressed",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && TEXT.test(entry.name));
      await Promise.all(files.map((file) => compressed(join(file.parentPath, file.name))));
    },
  };
}

async function compressed(path: string): Promise<void> {
  const text = await readFile(path);
  if (text.length < WORTH_IT) return;
  await Promise.all(
    codings.map(async ({ ending, compress }) => writeFile(path + ending, await compress(text))),
  );
}
