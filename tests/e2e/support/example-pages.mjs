// The example pages of the chats: their modules, and what they show.

import { readFileSync } from "node:fs";

/** A module of the pages that needs no page. By its text: Node 20 takes a `.js` file without a package for CommonJS. */
export function exampleModule(file) {
  const text = readFileSync(new URL(`../../../local/examples/${file}`, import.meta.url), "utf8");
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

/** The messages on a page: who wrote each, and its text. */
export const messagesShown = (page) =>
  page.locator("#messages [data-seq]").evaluateAll((items) =>
    items.map((item) => ({ author: item.querySelector(".author").textContent, text: item.querySelector(".text").textContent })),
  );
