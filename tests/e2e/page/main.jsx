// A page of an app that follows the integration guide, on an origin of its own.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Parties } from "./parties.jsx";
import { SessionProvider } from "./session.jsx";

// Strict mode runs every effect's clean-up once more than needed, so a hook that leaves something behind shows.
createRoot(document.getElementById("root")).render(
  <StrictMode>
    <SessionProvider>
      <Parties />
    </SessionProvider>
  </StrictMode>,
);
