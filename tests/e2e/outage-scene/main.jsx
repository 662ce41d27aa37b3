// A terminal beside an app's page with an inbox. Its address says who is signed in: #{"userId", "token"}; `print(line, style)` writes to the
// terminal, and `gif(…)` makes the picture.

import { CarillonProvider, Inbox, useConnectionState } from "carillon/react";
import "carillon/react/inbox.css";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { gif } from "./gif.js";
import "./page.css";

const { VITE_API_BASE_URL: apiUrl, VITE_PUSHER_APP_KEY: appKey, VITE_PUSHER_HOST: wsHost, VITE_PUSHER_PORT: wsPort } = import.meta.env;
const { userId, token } = JSON.parse(decodeURIComponent(location.hash.slice(1)));

function Terminal() {
  const [lines, setLines] = useState([]);
  useEffect(() => {
    window.print = (text, style = "") => setLines((before) => [...before, { text, style }]);
  }, []);
  return (
    <section className="terminal" aria-label="Terminal">
      {lines.map(({ text, style }, index) => (
        <pre key={index} className={style}>
          {text}
        </pre>
      ))}
    </section>
  );
}

function State() {
  const state = useConnectionState();
  return <output data-state={state}>{state}</output>;
}

function Page() {
  return (
    <CarillonProvider apiUrl={apiUrl} appKey={appKey} wsHost={wsHost} wsPort={wsPort} forceTLS={false} userId={userId} token={token}>
      <Terminal />
      <section className="app" aria-label="Ben's page">
        <header>
          <strong>Ben's page</strong>
          <State />
          <Inbox />
        </header>
      </section>
    </CarillonProvider>
  );
}

window.gif = gif;
createRoot(document.getElementById("root")).render(<Page />);
