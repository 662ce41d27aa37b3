// A page with an inbox. Its address says who is signed in: #{"userId", "token", "inbox": props of the inbox}.

import { CarillonProvider, Inbox } from "carillon/react";
import "carillon/react/inbox.css";
import { useState } from "react";
import { createRoot } from "react-dom/client";

import "./page.css";

const { VITE_API_BASE_URL: apiUrl, VITE_PUSHER_APP_KEY: appKey, VITE_PUSHER_HOST: wsHost, VITE_PUSHER_PORT: wsPort } = import.meta.env;
const { userId, token, inbox } = JSON.parse(decodeURIComponent(location.hash.slice(1)));

function Page() {
  const [opened, setOpened] = useState(null);
  return (
    <CarillonProvider apiUrl={apiUrl} appKey={appKey} wsHost={wsHost} wsPort={wsPort} forceTLS={false} userId={userId} token={token}>
      <header className="bar">
        <strong>A shop</strong>
        <Inbox {...inbox} onSelect={(notification) => setOpened(notification.title)} />
      </header>
      <main>
        <h1>Your orders</h1>
        <p>
          Three parcels are on their way. <a href="#elsewhere">Read how they travel.</a>
        </p>
        <p role="note">{opened ? `Opened: ${opened}` : "Nothing is opened."}</p>
      </main>
    </CarillonProvider>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
