// Who is signed in on this page. An app has its own way; here the token is pasted.

import { createContext, useContext, useState } from "react";

const Session = createContext(null);

/** The signed-in user and their token. */
export const useAuth = () => useContext(Session);

/** Asks for a token, and shows the children once there is one. */
export function SessionProvider({ children }) {
  const [session, setSession] = useState(null);
  if (session === null) {
    return <SignIn onToken={(accessToken) => setSession({ user: userOf(accessToken), accessToken })} />;
  }
  return (
    <Session value={session}>
      <p>
        Signed in as {session.user.username}. <button onClick={() => setSession(null)}>Sign out</button>
      </p>
      {children}
    </Session>
  );
}

function SignIn({ onToken }) {
  const signIn = (data) => onToken(data.get("token").trim());
  return (
    <form action={signIn}>
      <label>
        Token
        <textarea name="token" required />
      </label>
      <button>Sign in</button>
    </form>
  );
}

function userOf(accessToken) {
  const claims = accessToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(claims), (character) => character.codePointAt(0));
  const { sub, name } = JSON.parse(new TextDecoder().decode(bytes));
  return { id: sub, username: name ?? sub };
}
