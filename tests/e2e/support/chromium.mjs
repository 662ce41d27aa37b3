// A Chromium that is installed on this machine, without a window.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";

import { cleanUp } from "./cleanup.mjs";
import { LIMIT } from "./wait.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const executable = process.env.CHROMIUM || onPath();

const missing =
  !executable && "needs Chromium: install it with `apt-get install chromium`, or set CHROMIUM to the path of a Chromium or Chrome";

/** Reason to skip a test that needs a browser, or false. In CI nothing is skipped: `launch` fails there. */
export const unavailable = !process.env.CI && missing;

function onPath() {
  const directories = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return NAMES.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A context of the browser's with storage and connections of its own, until the end of the test `t`. */
export async function newContext(t, browser, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(LIMIT);
  cleanUp(t, () => context.close());
  return context;
}

/** Starts the browser with nothing remembered; the caller closes it. */
export function launch() {
  if (missing) {
    throw new Error(`This test ${missing}.`);
  }
  return chromium.launch({
    executablePath: executable,
    timeout: LIMIT,
    // Chromium's sandbox does not start as root.
    chromiumSandbox: process.getuid?.() !== 0,
    ignoreDefaultArgs: ["--headless"],
    args: [
      "--headless=new",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
