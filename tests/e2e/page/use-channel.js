import { useEffect, useState } from "react";

/** Subscribes to a channel while the component lives; null for neither. Returns whether Pusher has confirmed it. */
export function useChannel(pusher, channelName) {
  const [isSubscribed, setIsSubscribed] = useState(false);

  useEffect(() => {
    if (pusher === null || channelName === null) {
      return undefined;
    }
    const channel = pusher.subscribe(channelName);
    channel.bind("pusher:subscription_succeeded", () => setIsSubscribed(true));
    return () => {
      channel.unbind_all();
      pusher.unsubscribe(channelName);
      setIsSubscribed(false);
    };
  }, [pusher, channelName]);

  return isSubscribed;
}
