// Small databases as the five systems have them, their lines as docs/migrate writes them, and what docs/migrate writes back into them.

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

import { service } from "./people.mjs";
import { stack } from "./stack.mjs";

const scripts = fileURLToPath(new URL("../../../docs/migrate/", import.meta.url));
const CREATE = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())";
const READ = "import json, sqlite3, sys; print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))";
const run = promisify(execFile);

/** A value in SQL. */
const literal = (value) => (value === null ? "NULL" : typeof value === "number" ? value : `'${String(value).replaceAll("'", "''")}'`);

/** The statements that create a table with these rows; each row has the columns of the first one. An id that is a number is given by the table. */
function table(name, ...rows) {
  const type = (column, value) => (column === "id" && typeof value === "number" ? " INTEGER PRIMARY KEY" : "");
  const columns = Object.entries(rows[0]).map(([column, value]) => `"${column}"${type(column, value)}`).join(", ");
  const values = rows.map((row) => `(${Object.values(row).map(literal).join(", ")})`).join(", ");
  return `CREATE TABLE "${name}" (${columns}); INSERT INTO "${name}" VALUES ${values};`;
}

/** A database of a team. */
class TeamDatabase {
  #file = join(mkdtempSync(join(tmpdir(), "carillon-")), "db.sqlite3");
  #name;

  /** `name` is that of the team's scripts. */
  constructor(name, ...tables) {
    this.#name = name;
    execFileSync("python3", ["-c", CREATE, this.#file], { input: tables.join("\n") });
  }

  /** The lines that the team's script writes of it. */
  lines() {
    return execFileSync("python3", [join(scripts, `${this.#name}.py`), this.#file], { encoding: "utf8" });
  }

  rows(query) {
    return JSON.parse(execFileSync("python3", ["-c", READ, this.#file, query], { encoding: "utf8" }));
  }

  /** The first column of each row. */
  values(query) {
    return this.rows(query).map(([value]) => value);
  }

  /**
   * Calls the script of the way back, with events of the bus as its input; resolves to its last line, which counts the changed rows. `python` is
   * another than the first one on the path.
   */
  async back(options, { events = [], env = {}, python = "python3" } = {}) {
    const own = { CARILLON_URL: stack.url, CARILLON_SERVICE_TOKEN: service().token };
    const command = run(python, [join(scripts, `${this.#name}_back.py`), this.#file, ...options], { env: { ...process.env, ...own, ...env } });
    command.child.stdin.end(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    const { stdout } = await command;
    return stdout.trim().split("\n").at(-1);
  }
}

/** Moments that follow each other, in the form in which SQLite keeps them. */
export const at = (n) => new Date(Date.now() - 3_600_000 + n * 1000).toISOString().replace("T", " ").replace("Z", "");

export function readingRooms({ author, giver, reader, book }) {
  const user = ({ userId, displayName }) => ({ id: userId, name: displayName, image: null, email: null });
  const kudos = (n) => ({ id: `kudos-${n}-${book}`, giver_id: giver.userId, receiver_id: reader.userId, session_id: `s-${n}`, created_at: at(n) });
  const note = (n, read) => ({
    id: `note-${n}-${book}`, user_id: reader.userId, type: "POST_COMMENT", title: null, message: null, data: '{"postId": "p1"}', created_at: at(n),
    read_at: read,
  });
  return new TeamDatabase(
    "reading_rooms",
    table("users", ...[author, giver, reader].map(user)),
    table("books", { id: book, title: "Emma", author_id: author.userId }),
    table("reading_sessions", { id: "s-1", book_id: book }, { id: "s-2", book_id: book }),
    table("kudos", kudos(2), kudos(1)),
    table("notifications", note(1, null), note(2, at(3)), note(3, null)),
  );
}

export function parties({ owner, member, invitee, party }) {
  const user = ({ userId, displayName }) => ({ id: userId, username: displayName, avatar: null });
  const joins = ({ userId }, n) => ({ partyId: party, userId, createdAt: at(n) });
  return new TeamDatabase(
    "parties",
    table("Users", ...[owner, member, invitee].map(user)),
    table("Parties", { id: party, name: "Readers", settings: '{"genre": "SF"}', ownerId: owner.userId, createdAt: at(0), updatedAt: at(5) }),
    table("PartyMembers", joins(member, 1), joins(owner, 2)),
    table("PartyInvitations", { partyId: party, userId: invitee.userId, invitedById: owner.userId, status: "pending", createdAt: at(3) }),
  );
}

export function messages({ ada, ben, id }) {
  const user = ({ userId, displayName }) => ({ id: userId, name: displayName, avatarUrl: null, email: null });
  const message = (n, from, to, read) => ({
    id: `${id}-${n}`, senderId: from.userId, receiverId: to.userId, content: `text ${n}`, createdAt: at(n), readAt: read,
  });
  const notification = { id, userId: ada.userId, type: "SYSTEM", title: "Hello", body: "There is news.", data: null, createdAt: at(1), readAt: null };
  return new TeamDatabase(
    "messages",
    table("users", user(ada), user(ben)),
    table("device_tokens", { userId: ada.userId, token: `phone-of-${ada.userId}`, platform: "ios", updatedAt: at(0) }),
    table("notification_settings", { userId: ada.userId, locale: "fr", push: 1, email: 0 }),
    table("notifications", notification),
    table("messages", message(1, ada, ben, at(2)), message(2, ben, ada, null), message(3, ada, ben, null)),
  );
}

/** With `left`, the guest of that booking has written and gone. */
export function guestChat({ hotel, booking, guestName, staff, left }) {
  const message = (id, by, text, more = {}) => ({
    id, booking_id: 1, staff_id: by?.userId ?? null, message: text, created_at: at(id), read_by_guest: 0, deleted_at: null, ...more,
  });
  return new TeamDatabase(
    "guest_chat",
    table("hotels", { id: 1, slug: hotel }),
    table("auth_user", { id: staff.userId, first_name: staff.displayName }),
    table("staff", { hotel_id: 1, user_id: staff.userId }),
    table(
      "bookings",
      { id: 1, hotel_id: 1, number: booking, guest_name: guestName, checked_out_at: null },
      ...(left ? [{ id: 2, hotel_id: 1, number: left, guest_name: "Moran", checked_out_at: at(0) }] : []),
    ),
    table(
      "room_messages",
      ...(left ? [message(0, null, "I am leaving", { booking_id: 2 })] : []),
      message(1, null, "Is there a pool?"),
      message(2, staff, "Yes", { read_by_guest: 1 }),
      message(3, null, "Oops", { deleted_at: at(4) }),
      message(4, null, "Thanks"),
    ),
    table("message_reads", { message_id: 1, user_id: staff.userId }, { message_id: 3, user_id: staff.userId }),
  );
}

/** `clerk` is a user of the team's who is in no lease yet. */
export function leases({ client, notary, bailId, clerk }) {
  const user = ({ userId, displayName }) => ({ id: userId, name: displayName, email: null });
  const message = (n, { userId }, more = {}) => ({
    id: `${bailId}-${n}`, bailId, senderId: userId, content: `text ${n}`, createdAt: at(n), deletedAt: null, ...more,
  });
  const request = {
    id: 1, bailId, title: "Plan", description: null, status: "ACCEPTED", createdById: notary.userId, createdAt: at(1), updatedAt: at(2),
  };
  return new TeamDatabase(
    "leases",
    table("User", ...[client, notary, ...(clerk ? [clerk] : [])].map(user)),
    table("Bail", { id: bailId, title: "12 rue des Lilas", clientId: client.userId, notaryId: notary.userId, createdAt: at(0), updatedAt: at(0) }),
    table("NotaryRequest", request),
    table("Message", message(1, client), message(2, notary), message(3, client), message(4, client)),
    table("ChatRead", { bailId, userId: notary.userId, lastReadMessageId: `${bailId}-3` }),
  );
}
