// The integration guide's browser code in a real browser, on an origin other than the API's.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { servePage } from "./page/server.mjs";
import { expecting } from "./support/api.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { person } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";
import { inSeconds, token } from "./support/token.mjs";
import { until } from "./support/wait.mjs";

const SOCKET = "123456.7890123";

describe("In Chromium", { skip: unavailable }, () => {
  let browser, allowed, other;

  before(async () => {
    allowed = await servePage(0);
    // Chromium looks no name under .localhost up: it is this machine, and another origin.
    other = await servePage(0, "other.localhost");
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await allowed?.close();
    await other?.close();
  });

  /** A page in a browser context of its own: its own storage, its own connection. */
  async function open(t, { origin }) {
    const context = await newContext(t, browser);
    const page = await context.newPage();
    const faults = [];
    page.on("pageerror", (fault) => faults.push(fault));
    cleanUp(t, () => assert.deepEqual(faults, [], "the page threw"));
    await page.goto(origin);
    return page;
  }

  async function signIn(page, user) {
    await page.getByLabel("Token").fill(user.token);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  /** A page on which someone is signed in and hears of what concerns them. */
  async function listening(t, user) {
    const page = await open(t, allowed);
    await signIn(page, user);
    await page.getByText("Listening", { exact: true }).waitFor();
    return page;
  }

  async function createParty(page, name) {
    await page.getByLabel("Party name").fill(name);
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
  }

  async function invite(page, { userId }) {
    await page.getByLabel("User id").fill(userId);
    const answered = page.waitForResponse((response) => response.url().endsWith("/invitations"));
    await page.getByRole("button", { name: "Invite" }).click();
    assert.equal((await answered).status(), 201);
  }

  const toastOn = (page) => page.getByRole("alertdialog", { name: "Invitation" });
  const membersOn = (page) => page.getByRole("list", { name: "Members" }).getByRole("listitem").allTextContents();

  test("an invitation from one browser is a toast in the other, and its acceptance shows in the first", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const [atAda, atBen] = [await listening(t, ada), await listening(t, ben)];
    await createParty(atAda, "Thursday readers");
    assert.deepEqual(await membersOn(atAda), ["Ada (owner)"]);
    assert.equal(await toastOn(atBen).count(), 0);

    await invite(atAda, ben);
    await toastOn(atBen).waitFor();
    assert.equal(await toastOn(atBen).getByRole("strong").textContent(), "You've been invited to Thursday readers!");
    await toastOn(atBen).getByText("Invited by Ada").waitFor();

    const asked = [];
    atAda.on("request", (request) => asked.push(request.url()));
    await atBen.getByRole("button", { name: "Accept" }).click();
    await atBen.getByRole("heading", { name: "Thursday readers" }).waitFor();
    assert.deepEqual((await membersOn(atBen)).toSorted(), ["Ada (owner)", "Ben"]);
    assert.equal(await toastOn(atBen).count(), 0);
    await atAda.getByRole("listitem").filter({ hasText: /^Ben$/ }).waitFor();
    assert.deepEqual(await membersOn(atAda), ["Ada (owner)", "Ben"]);
    assert.deepEqual(asked, [], "the page learned it from Pusher, not by asking");
  });

  test("a declined invitation is gone, and nobody has joined", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const [atAda, atBen] = [await listening(t, ada), await listening(t, ben)];
    await createParty(atAda, "Friday readers");
    await invite(atAda, ben);

    await atBen.getByRole("button", { name: "Decline" }).click();
    await toastOn(atBen).waitFor({ state: "detached" });
    await atBen.reload();
    await signIn(atBen, ben);
    await atBen.getByText("Listening", { exact: true }).waitFor();
    assert.equal(await toastOn(atBen).count(), 0);
    assert.deepEqual(await membersOn(atAda), ["Ada (owner)"]);
  });

  test("a page whose user is removed from a party leaves it, and connects again by itself", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const atAda = await listening(t, ada);
    const atBen = await open(t, allowed);
    const signedIn = atBen.waitForResponse((response) => response.url().endsWith("/pusher/user-auth") && response.ok());
    await signIn(atBen, ben);
    await signedIn;
    await atBen.getByText("Listening", { exact: true }).waitFor();
    const created = atAda.waitForResponse((response) => response.url().endsWith("/parties"));
    await createParty(atAda, "Saturday readers");
    const { partyId } = await (await created).json();
    await invite(atAda, ben);
    await atBen.getByRole("button", { name: "Accept" }).click();
    await atBen.getByText("Live", { exact: true }).waitFor();

    const again = atBen.waitForEvent("websocket");
    await expecting(204, "DELETE", `/parties/${partyId}/members/${ben.userId}`, { as: ada });
    await atBen.getByRole("heading", { name: "Saturday readers" }).waitFor({ state: "detached" });
    await again;
    await atBen.getByText("Listening", { exact: true }).waitFor();
    await until("the list without Ben", async () => (await membersOn(atAda)).length === 1);
    await invite(atAda, ben);
    await toastOn(atBen).waitFor();
  });

  test("an invitation of before the page was open is shown when it opens", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    await (await listening(t, ben)).close();
    const atAda = await listening(t, ada);
    await createParty(atAda, "Sunday readers");
    await invite(atAda, ben);

    const atBen = await listening(t, ben);
    await atBen.getByText("You've been invited to Sunday readers!").waitFor();
  });

  test("signing out ends every connection that the hook made", async (t) => {
    const page = await open(t, allowed);
    const sockets = [];
    page.on("websocket", (socket) => sockets.push(socket));
    await signIn(page, person("Ada"));
    await page.getByText("Listening", { exact: true }).waitFor();
    assert.equal(sockets.filter((socket) => !socket.isClosed()).length, 1);

    await page.getByRole("button", { name: "Sign out" }).click();
    await until("the end of the connection", () => sockets.every((socket) => socket.isClosed()));
  });

  test("a refused subscription is shown", async (t) => {
    const page = await open(t, allowed);
    const { userId } = person();
    await signIn(page, { token: token({ sub: userId, exp: inSeconds(-60) }) });
    await page.getByRole("alert").filter({ hasText: "The token has expired; sign in again" }).first().waitFor();
    await page.getByText("Connected", { exact: true }).waitFor();
  });

  /** The response to an authorization by a page of this origin: status and body, or that the browser blocked it. */
  function authorizationFrom(page, user, credentials) {
    return page.evaluate(
      async ({ url, bearer, body, credentials }) => {
        const headers = { "Content-Type": "application/json", Authorization: `Bearer ${bearer}` };
        try {
          const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials });
          return { status: answer.status, body: await answer.json(), requestId: answer.headers.get("x-request-id") };
        } catch (error) {
          return { blocked: error.name };
        }
      },
      {
        url: `${stack.url}/pusher/auth`,
        bearer: user.token,
        body: { socket_id: SOCKET, channel_name: user.ownChannel },
        credentials,
      },
    );
  }

  test("a page of an allowed origin is answered, with credentials and without", async (t) => {
    const page = await open(t, allowed);
    assert.notEqual(new URL(page.url()).origin, new URL(stack.url).origin);
    const ada = person("Ada");
    for (const credentials of ["omit", "same-origin", "include"]) {
      const answer = await authorizationFrom(page, ada, credentials);
      assert.equal(answer.status, 200, credentials);
      assert.match(answer.body.auth, /^[^:]+:[0-9a-f]{64}$/, credentials);
      assert.ok(answer.requestId, `${credentials}: the page may read x-request-id`);
    }
  });

  test("a page of another origin is blocked by the browser", async (t) => {
    const page = await open(t, other);
    const ada = person("Ada");
    for (const credentials of ["omit", "include"]) {
      assert.deepEqual(await authorizationFrom(page, ada, credentials), { blocked: "TypeError" }, credentials);
    }
    // A request that needs no permission beforehand reaches the API, but its answer stays closed.
    const read = page.evaluate((url) => fetch(url).then(() => "read", (error) => error.name), `${stack.url}/health`);
    assert.equal(await read, "TypeError");

    await signIn(page, ada);
    await page.getByRole("alert").first().waitFor();
    assert.equal(await page.getByText("Listening", { exact: true }).count(), 0);
  });
});

test("any port of this machine may ask, another origin gets no CORS headers", async () => {
  const ask = async (origin, method, headers) => {
    const answer = await fetch(`${stack.url}/pusher/auth`, { method, headers: { origin, ...headers } });
    return Object.fromEntries([...answer.headers].filter(([name]) => name.startsWith("access-control-")));
  };
  const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type" };
  for (const origin of ["http://other.localhost:3001", "https://localhost:3001", "http://localhost:3001.example.org", "null"]) {
    assert.deepEqual(await ask(origin, "OPTIONS", preflight), {}, origin);
    assert.deepEqual(await ask(origin, "POST", {}), {}, origin);
  }
  for (const origin of ["http://localhost:5173", "http://localhost:3001", "http://127.0.0.1:8080", "http://localhost"]) {
    const permission = await ask(origin, "OPTIONS", preflight);
    assert.equal(permission["access-control-allow-origin"], origin);
    assert.equal(permission["access-control-allow-credentials"], "true");
    assert.match(permission["access-control-allow-methods"], /\bPOST\b/);
    assert.equal((await ask(origin, "POST", {}))["access-control-allow-origin"], origin);
  }
});
