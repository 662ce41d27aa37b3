import { createContext, useContext } from "react";

import type { Api } from "../api.js";
import type { CarillonPusher } from "../typed.js";

/** The one connection of an app, and its user. */
export interface CarillonContext {
  /** Null before the first effect has run, and without a signed-in user. */
  pusher: CarillonPusher | null;
  userId: string | null;
  /** Carillon's routes, with the user's token. */
  api: Api;
}

export const Context = createContext<CarillonContext | null>(null);

/** The connection of the nearest {@link CarillonProvider}. */
export function useCarillon(): CarillonContext {
  const context = useContext(Context);
  if (context === null) {
    throw new Error("Carillon's hooks and <Inbox/> need a <CarillonProvider> above them");
  }
  return context;
}
