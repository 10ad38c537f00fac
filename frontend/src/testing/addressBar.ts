const bar = window as unknown as { happyDOM: { setURL: (url: string) => void } };

/** Runs with what stands in the address bar of somebody who came over the network. */
export async function cameFrom(url: string, run: () => Promise<void>) {
  const before = window.location.href;
  bar.happyDOM.setURL(url);
  try {
    await run();
  } finally {
    bar.happyDOM.setURL(before);
  }
}
