"use server";

import { carillon, currentUser } from "./carillon";

/** A token of the signed-in user, for the page. */
export async function readToken(): Promise<string> {
  return carillon.tokenFor(await currentUser());
}

/** Notifies the signed-in user. Returns why it failed, if it did: Next.js hides the message of an error. */
export async function send(): Promise<string | null> {
  const { sub } = await currentUser();
  try {
    await carillon.notify({
      userId: sub,
      type: "ORDER_SHIPPED",
      title: "Your parcel is on its way",
      body: `It left at ${new Date().toLocaleTimeString()}.`,
    });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
