// A page of an app that follows the integration guide, on an origin of its own.

import { CarillonProvider } from "carillon/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Parties } from "./parties.jsx";
import { SessionProvider, useAuth } from "./session.jsx";

const env = import.meta.env;

/** The signed-in user's connection; the last three lines of options are for a Pusher server of one's own. */
function Connected({ children }) {
  const { user, accessToken } = useAuth();
  return (
    <CarillonProvider
      apiUrl={env.VITE_API_BASE_URL}
      appKey={env.VITE_PUSHER_APP_KEY}
      cluster={env.VITE_PUSHER_CLUSTER}
      userId={user.id}
      token={accessToken}
      wsHost={env.VITE_PUSHER_HOST}
      wsPort={Number(env.VITE_PUSHER_PORT)}
      forceTLS={false}
    >
      {children}
    </CarillonProvider>
  );
}

// Strict mode runs every effect's clean-up once more than needed, so a hook that leaves something behind shows.
createRoot(document.getElementById("root")).render(
  <StrictMode>
    <SessionProvider>
      <Connected>
        <Parties />
      </Connected>
    </SessionProvider>
  </StrictMode>,
);
