// The push guide's registration of a device, by the typed routes.

import { createApi } from "carillon";

declare function getToken(): Promise<string>;

const api = createApi({ apiUrl: "http://localhost:3000", token: () => "jwt" });

export async function registerPushNotifications() {
  const { data, error, response } = await api.POST("/notifications/device-token", { body: { token: await getToken() } });
  if (response.ok) {
    const message: "Device token registered successfully" | undefined = data?.message;
    console.log(message);
  } else {
    console.error(error?.message);
  }
  await api.DELETE("/notifications/device-token");
}
