import { CarillonProvider, Inbox } from "carillon/react";
import { useEffect, useState } from "react";

import { readSession, sendNotification } from "./api";

const { VITE_CARILLON_URL, VITE_CARILLON_KEY, VITE_CARILLON_CLUSTER } = import.meta.env;

export function App() {
  const [userId, setUserId] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const failed = (error: Error) => setFault(error.message);

  useEffect(() => {
    readSession().then((session) => setUserId(session.userId), failed);
  }, []);

  return (
    <CarillonProvider
      apiUrl={VITE_CARILLON_URL}
      appKey={VITE_CARILLON_KEY}
      cluster={VITE_CARILLON_CLUSTER || undefined}
      userId={userId}
      token={async () => (await readSession()).token}
    >
      <header>
        <strong>My app</strong>
        <Inbox />
      </header>
      <main>
        <h1>A bell that rings</h1>
        <p>The button asks this app's server to notify {userId ?? "you"}. The bell above hears it from Carillon, in every tab.</p>
        <button
          type="button"
          onClick={() => {
            setFault(null);
            sendNotification().catch(failed);
          }}
        >
          Send a notification
        </button>
        {fault !== null && <p role="alert">{fault}</p>}
      </main>
    </CarillonProvider>
  );
}
