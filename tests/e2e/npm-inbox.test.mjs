// <Inbox/> in a real browser, on a page of an app.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { servePage } from "./page/server.mjs";
import { expecting } from "./support/api.mjs";
import { axe } from "./support/axe.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { person, service } from "./support/people.mjs";
import { until } from "./support/wait.mjs";

/** Parents of a bell at the left and the right edge of the window. The second is that of create-vite's apps. */
const PARENTS = {
  block: ["display: block", "display: block; text-align: end"],
  "flex column": ["display: flex; flex-direction: column; margin: 0 auto; max-width: 1126px; min-height: 50svh; text-align: center", "display: flex; flex-direction: column; align-items: end"],
  "flex row": ["display: flex; height: 6rem", "display: flex; height: 6rem; justify-content: end"],
  grid: ["display: grid; grid-template-columns: 1fr 1fr", "display: grid; justify-items: end"],
};

/** A folder for pictures of the inbox, to look at. */
const PICTURES = process.env.CARILLON_PICTURES;

const notify = (user, title, body = "It arrives on Friday.", data = {}) =>
  expecting(201, "POST", "/notifications", { as: service(), json: { userId: user.userId, type: "ORDER_SHIPPED", title, body, data } });

describe("<Inbox/> in Chromium", { skip: unavailable }, () => {
  let browser, served;

  before(async () => {
    served = await servePage(0, "localhost", "../inbox");
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await served?.close();
  });

  async function open(t, user, { inbox = {}, ...options } = {}) {
    const context = await newContext(t, browser, { viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    const faults = [];
    page.on("pageerror", (fault) => faults.push(fault));
    page.on("console", (line) => line.type() === "error" && /React|Warning/.test(line.text()) && faults.push(line.text()));
    cleanUp(t, () => assert.deepEqual(faults, [], "the page threw"));
    const subscribed = page.waitForEvent("websocket").then((socket) =>
      socket.waitForEvent("framereceived", { predicate: ({ payload }) => /subscription_succeeded.*private-user-|private-user-.*subscription_succeeded/s.test(String(payload)) }),
    );
    const { userId, token } = user;
    await page.goto(`${served.origin}/#${encodeURIComponent(JSON.stringify({ userId, token, inbox }))}`);
    await subscribed;
    return page;
  }

  const bellOn = (page) => page.getByRole("button", { name: /^Notifications/ });
  const panelOn = (page) => page.getByRole("dialog", { name: "Notifications" });
  const itemsOn = (page) => panelOn(page).getByRole("listitem");
  const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent);

  async function picture(page, name) {
    if (PICTURES) {
      await page.screenshot({ path: `${PICTURES}/${name}.png` });
    }
  }

  test("the bell rings on a notification, and is quiet once that is read", async (t) => {
    const ada = person("Ada");
    const page = await open(t, ada);
    await notify(ada, "Your parcel is on its way");
    await page.getByRole("button", { name: "Notifications, 1 unread" }).waitFor();
    await page.getByRole("status").getByText("New notification: It arrives on Friday.").waitFor();

    await bellOn(page).click();
    await itemsOn(page).getByRole("button", { name: /Unread. Your parcel is on its way/ }).click();
    await page.getByText("Opened: Your parcel is on its way").waitFor();
    await page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
    await until("the read mark", async () => (await expecting(200, "GET", "/notifications/unread-count", { as: ada })).unreadCount === 0);
  });

  test("everything is read at once, and the pages go back to the first notification", async (t) => {
    const ada = person("Ada");
    for (const n of [1, 2, 3, 4, 5]) {
      await notify(ada, `Parcel ${n}`);
    }
    const page = await open(t, ada, { inbox: { limit: 2 } });
    await page.getByRole("button", { name: "Notifications, 5 unread" }).click();
    const older = panelOn(page).getByRole("button", { name: "Show older" });
    await older.click();
    await itemsOn(page).nth(3).waitFor();
    await older.click();
    await itemsOn(page).nth(4).waitFor();
    await older.waitFor({ state: "detached" });
    assert.match(await focused(page), /Parcel 1/, "the focus is on what came");
    await panelOn(page).getByRole("button", { name: "Mark all as read" }).click();
    await page.getByRole("status").getByText("All notifications are read").waitFor();
    await until("the read marks", async () => (await expecting(200, "GET", "/notifications/unread-count", { as: ada })).unreadCount === 0);
  });

  test("is quiet in one tab once its notification is read in the other", async (t) => {
    const ada = person("Ada");
    await notify(ada, "Parcel");
    const [one, other] = [await open(t, ada), await open(t, ada)];
    await one.getByRole("button", { name: "Notifications, 1 unread" }).click();
    await other.getByRole("button", { name: "Notifications, 1 unread" }).waitFor();
    await itemsOn(one).getByRole("button").click();
    await other.getByRole("button", { name: "Notifications", exact: true }).waitFor();
  });

  test("can be used with the keyboard alone", async (t) => {
    const ada = person("Ada");
    for (const n of [1, 2, 3]) {
      await notify(ada, `Parcel ${n}`);
    }
    const page = await open(t, ada);
    await page.getByRole("button", { name: "Notifications, 3 unread" }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Notifications, 3 unread");
    for (const key of ["Enter", "Space"]) {
      await page.keyboard.press(key);
      await itemsOn(page).nth(2).waitFor();
      assert.equal(await bellOn(page).getAttribute("aria-expanded"), "true");
      await page.keyboard.press("Escape");
      await panelOn(page).waitFor({ state: "detached" });
      assert.equal(await focused(page), "Notifications, 3 unread", "the focus is back");
      assert.equal(await bellOn(page).getAttribute("aria-expanded"), "false");
    }
    await page.keyboard.press("Enter");
    await itemsOn(page).nth(2).waitFor();
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(page), /Parcel 3/);
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(page), /Parcel 2/);
    await page.keyboard.press("End");
    assert.match(await focused(page), /Parcel 1/);
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowUp");
    assert.match(await focused(page), /Parcel 3/);
    await page.keyboard.press("Enter");
    await page.getByText("Opened: Parcel 3").waitFor();
    await page.getByRole("button", { name: "Notifications, 2 unread" }).waitFor();
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(page), "Close");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(page), "Mark all as read");
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
    for (let presses = 0; await panelOn(page).count(); presses += 1) {
      assert.ok(presses < 6, "the focus does not leave the panel");
      await page.keyboard.press("Tab");
    }
    assert.equal(await focused(page), "Read how they travel.", "the panel closed behind the focus");
  });

  test("closes when something else is clicked, and leaves the focus there", async (t) => {
    const page = await open(t, person("Ada"));
    await bellOn(page).click();
    await panelOn(page).getByText("You are all caught up").waitFor();
    await page.getByRole("heading", { name: "Your orders" }).click();
    await panelOn(page).waitFor({ state: "detached" });
  });

  test("says that it could not be loaded, and loads when asked to", async (t) => {
    const ada = person("Ada");
    await notify(ada, "Parcel");
    const page = await open(t, ada);
    let isDown = true;
    await page.route("**/notifications?**", (route) => (isDown ? route.fulfill({ status: 403, json: { message: "Not today" }, headers: { "access-control-allow-origin": served.origin } }) : route.continue()));
    await page.reload();
    await bellOn(page).click();
    await panelOn(page).getByRole("alert").getByText("Not today").waitFor();
    assert.deepEqual(await axe(page), []);
    await picture(page, "error-1280-light");
    isDown = false;
    await panelOn(page).getByRole("button", { name: "Try again" }).click();
    await itemsOn(page).first().waitFor();
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1280]) {
      test(`axe finds nothing at ${width} px in ${colorScheme}, and all of it is on the screen`, async (t) => {
        const ada = person("Ada");
        const empty = await open(t, person("Ben"), { colorScheme, viewport: { width, height: 780 } });
        await bellOn(empty).click();
        await panelOn(empty).getByText("You are all caught up").waitFor();
        assert.deepEqual(await axe(empty), []);
        await picture(empty, `empty-${width}-${colorScheme}`);

        const long = "The-parcel-with-the-books-that-you-ordered-on-Thursday-and-a-very-long-word-without-a-break";
        await notify(ada, "Ursula sent you a message", "Shall we meet at the library at six? I would bring the map, and the two books that you lent me last winter.");
        await notify(ada, "Your invoice");
        await notify(ada, long);
        const page = await open(t, ada, { colorScheme, viewport: { width, height: 780 } });
        await page.getByRole("button", { name: "Notifications, 3 unread" }).click();
        await itemsOn(page).getByRole("button").nth(1).click();
        await page.getByRole("button", { name: "Notifications, 2 unread" }).waitFor();
        assert.deepEqual(await axe(page), []);
        await picture(page, `list-${width}-${colorScheme}`);
        const { x, y, width: wide, height } = await panelOn(page).boundingBox();
        assert.ok(x >= 0 && y >= 0 && x + wide <= width && y + height <= 780, `the panel is at ${x}, ${y}, ${wide} by ${height}`);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "the page scrolls sideways");
      });
    }
  }

  for (const width of [390, 600, 1280]) {
    for (const align of ["start", "end"]) {
      test(`opens at its bell, wherever that is, and within the window of ${width} px (${align})`, async (t) => {
        const ada = person("Ada");
        for (const n of [1, 2, 3, 4, 5, 6, 7]) {
          await notify(ada, `Parcel ${n}`);
        }
        const page = await open(t, ada, { inbox: { align }, viewport: { width, height: 780 }, colorScheme: align === "start" ? "light" : "dark" });
        await page.getByRole("button", { name: "Notifications, 7 unread" }).waitFor();
        // The inbox alone, in a parent that stretches what it has.
        await page.addStyleTag({ content: ".bar { align-items: stretch; justify-content: normal; padding: 0; } .bar strong { display: none; }" });
        const lowest = ["display: flex; position: fixed; inset: auto 0 0", "display: flex; position: fixed; inset: auto 0 0; justify-content: end"];
        for (const [name, edges] of Object.entries({ ...PARENTS, "flex row at the bottom": lowest })) {
          for (const [edge, css] of edges.entries()) {
            const where = `${name}, ${edge === 0 ? "left" : "right"}`;
            await page.locator(".bar").evaluate((bar, css) => (bar.style.cssText = css), css);
            await bellOn(page).click();
            await itemsOn(page).nth(6).waitFor();
            await picture(page, `${where.replaceAll(/\W+/g, "-")}-${width}-${align}`);
            const [bell, panel] = [await bellOn(page).boundingBox(), await panelOn(page).boundingBox()];
            const said = `${where}: the bell is at ${JSON.stringify(bell)}, the panel at ${JSON.stringify(panel)}`;
            assert.ok(panel.x >= 0 && panel.y >= 0 && panel.x + panel.width <= width && panel.y + panel.height <= 780, said);
            assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${where}: the page scrolls sideways`);
            assert.equal((await page.locator(".carillon-inbox").boundingBox()).width, bell.width, `${where}: the inbox is wider than its bell`);
            if (width === 390) {
              assert.deepEqual([panel.x, panel.width, panel.y + panel.height], [0, width, 780], `a sheet at the bottom: ${said}`);
            } else {
              const gap = name.endsWith("bottom") ? bell.y - panel.y - panel.height : panel.y - bell.y - bell.height;
              assert.ok(gap > 8 && gap < 16, said);
              assert.ok(panel.x <= bell.x + 8 && panel.x + panel.width >= bell.x + bell.width - 8, said);
            }
            await page.keyboard.press("Escape");
            await panelOn(page).waitFor({ state: "detached" });
          }
        }
      });
    }
  }

  for (const colorScheme of ["light", "dark"]) {
    test(`a shadow at the lower edge hints at more entries, up to the last one (${colorScheme})`, async (t) => {
      const ada = person("Ada");
      for (const n of [1, 2, 3, 4, 5, 6, 7]) {
        await notify(ada, `Parcel ${n}`);
      }
      const page = await open(t, ada, { colorScheme });
      await page.getByRole("button", { name: "Notifications, 7 unread" }).click();
      await itemsOn(page).nth(6).waitFor();
      await picture(page, `more-1280-${colorScheme}`);
      const [bar, panel] = [await page.locator(".bar").boundingBox(), await panelOn(page).boundingBox()];
      assert.ok(panel.y > bar.y + bar.height + 2, "the panel touches the line of the header");
      const edge = { x: panel.x + 40, y: panel.y + panel.height - 12, width: panel.width - 80, height: 10 };
      const hasShadow = async () => {
        const shown = await page.screenshot({ clip: edge });
        const without = await page.addStyleTag({ content: ".carillon-inbox .carillon-inbox-body::after { background: none !important; }" });
        const plain = await page.screenshot({ clip: edge });
        await without.evaluate((style) => style.remove());
        return !shown.equals(plain);
      };
      assert.equal(await hasShadow(), true);
      await page.keyboard.press("End");
      await page.locator(".carillon-inbox-body").evaluate((body) => body.scrollTo(0, body.scrollHeight));
      assert.equal(await hasShadow(), false);
    });
  }

  test("has the theme, the colours and the words that the app gives it", async (t) => {
    const inbox = { theme: "dark", strings: { title: "Messages", empty: "Rien de nouveau" }, locale: "fr" };
    const page = await open(t, person("Ada"), { inbox, colorScheme: "light" });
    await page.addStyleTag({ content: ":root { --carillon-inbox-ground: rgb(1, 2, 3); }" });
    await page.locator(".carillon-inbox-bell").click();
    const panel = page.getByRole("dialog", { name: "Messages" });
    await panel.getByText("Rien de nouveau").waitFor();
    assert.equal(await panel.evaluate((element) => getComputedStyle(element).backgroundColor), "rgb(1, 2, 3)");
  });
});
