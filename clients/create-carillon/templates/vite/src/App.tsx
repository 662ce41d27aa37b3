import { CarillonProvider, Inbox } from "carillon/react";
import { useEffect, useState } from "react";

import { readSession, type Session, sendNotification } from "./api";

const { VITE_CARILLON_URL, VITE_CARILLON_KEY, VITE_CARILLON_CLUSTER } = import.meta.env;

export function App() {
  const [user, setUser] = useState<Session | null>(null);
  const [isSending, setSending] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const failed = (error: Error) => setFault(error.message);

  useEffect(() => {
    readSession().then(setUser, failed);
  }, []);

  return (
    <CarillonProvider
      apiUrl={VITE_CARILLON_URL}
      appKey={VITE_CARILLON_KEY}
      cluster={VITE_CARILLON_CLUSTER || undefined}
      userId={user?.userId}
      token={async () => (await readSession()).token}
    >
      <header>
        <strong>My app</strong>
        <Inbox />
      </header>
      <main>
        <h1>A bell that rings</h1>
        <p>The button asks this app's server to notify {user?.name ?? "you"}. The bell above hears it from Carillon, in every tab.</p>
        <button
          type="button"
          disabled={isSending}
          onClick={() => {
            setFault(null);
            setSending(true);
            sendNotification()
              .catch(failed)
              .finally(() => setSending(false));
          }}
        >
          Send a notification
        </button>
        {fault !== null && <p role="alert">{fault}</p>}
      </main>
    </CarillonProvider>
  );
}
