// Whom one acts as: a user, another back end, or a hotel's guest, with a token that the stack makes.

import { $, copy, fill, make } from "/console/dom.js";
import { ask } from "/console/server.js";

const changed = [];
let current = null;

/** The chosen person with their token; `null` before the first choice. */
export const me = () => current;

/** Has `act` told of each change. */
export const onChange = (act) => changed.push(act);

/** The stack's addresses and people. */
export const session = await ask("session");

/** Becomes somebody: what `POST /console/token` takes. */
export async function become(who) {
  $("identity-complaint").textContent = "";
  try {
    const { token } = await ask("token", { method: "POST", json: who });
    use({ ...who, token });
  } catch (error) {
    $("identity-complaint").textContent = error.message;
  }
}

function use(who) {
  current = who;
  $("identity-complaint").textContent = "";
  $("user-id").value = who.userId ?? "";
  $("user-name").value = who.name ?? "";
  $("is-service").checked = who.roles?.includes("service") ?? false;
  for (const button of $("people").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.is === (who.userId ?? who.booking)));
  }
  changed.forEach((act) => act(current));
}

const people = [
  ...session.people.map((who) => ({ label: who.userId, title: who.name, who })),
  { label: `${session.service.userId}, a service`, title: "Another back end", who: session.service },
  { label: "a hotel's guest", title: `${session.guest.name}, booking ${session.guest.booking}`, who: session.guest },
];
fill(
  $("people"),
  ...people.map(({ label, title, who }) =>
    make("button", { type: "button", className: "chip", title, "data-is": who.userId ?? who.booking, "aria-pressed": "false", onclick: () => become(who) }, label),
  ),
);
$("identity").addEventListener("submit", (event) => {
  event.preventDefault();
  const roles = $("is-service").checked ? ["service"] : [];
  const own = $("own-token").value.trim();
  if (own) {
    use({ userId: $("user-id").value.trim(), name: $("user-name").value.trim() || null, roles, token: own });
    return;
  }
  become({ userId: $("user-id").value.trim(), name: $("user-name").value.trim() || null, roles });
});
$("copy-token").addEventListener("click", ({ target }) => current && copy(target, current.token));
if (session.makesTokens) {
  await become(session.people[0]);
} else {
  // Only the app's issuer can make one.
  $("own").hidden = false;
  $("people").hidden = true;
  $("is-service").parentElement.hidden = true;
  $("identity-complaint").textContent = `This stack takes ${session.takes}: give one of them, and the user id in it.`;
}
