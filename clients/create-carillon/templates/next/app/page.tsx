import { currentUser } from "./carillon";
import { SendButton } from "./send-button";

export default async function Page() {
  const { name } = await currentUser();
  return (
    <main>
      <h1>A bell that rings</h1>
      <p>The button asks this app's server to notify {name}. The bell above hears it from Carillon, in every tab.</p>
      <SendButton />
    </main>
  );
}
