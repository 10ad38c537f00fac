// The language of the filter box by example.

/** What the help of the box says, with an example of each. */
export const filterHelp: readonly [example: string, meaning: string][] = [
  ["web 8080", "both words: in the name, image, stack, a node or a port"],
  ["status:failed", "also several, as failed,pending, or a reason, as node-down"],
  ["stack:shop", "of a stack; stack:none for those of none"],
  ["node:worker-1", "with a task there"],
  ["image:nginx", "of an image, or its digest"],
  ["port:8080", "with this port, published or inside"],
  ["drift", "running something else than the catalog says"],
  ["is:foreign", "also is:problem, is:live, is:drifted"],
  ["!status:running", "not so; goes with every word"],
  ["~wbfr", "these letters in this order in the name"],
  ["/^web-\\d+$/", "a regular expression"],
];
