export interface Session {
  userId: string;
  name: string;
  token: string;
}

/** The signed-in user, with a token that is valid now. */
export const readSession = () => call<Session>("GET", "/api/session");

/** Asks the back end to notify the user. */
export const sendNotification = () => call<{ notificationId: string }>("POST", "/api/send");

async function call<Body>(method: string, path: string): Promise<Body> {
  const response = await fetch(path, { method });
  const body = await response.json();
  if (!response.ok) {
    throw new Error(body.message);
  }
  return body;
}
