// The services of the WebSocket guide, with types.

import type { Heard, Sent } from "carillon";
import { io, type Socket } from "socket.io-client";

class DashboardService {
  private socket: Socket<Heard<"dashboard">, Sent<"dashboard">> | null = null;

  connect(userId: string, token: string) {
    this.socket = io("http://localhost:3000/dashboard", {
      query: { userId, token },
      transports: ["websocket"],
    });

    this.socket.on("connected", (data) => {
      console.log("Dashboard connected:", data);
    });

    this.socket.on("notification", (notification) => {
      this.showNotification(notification);
    });

    this.socket.on("activity", (activity) => {
      console.log("Activity update:", activity.message);
    });

    this.socket.on("user_status", (status) => {
      console.log("User status:", status.userId, status.status);
    });

    this.socket.on("stats_update", (stats) => {
      console.log("Stats update:", stats);
    });

    this.socket.on("error", (error) => {
      console.error("Dashboard error:", error);
    });
  }

  subscribe(channels: string[]) {
    this.socket?.emit("subscribe", { channels });
  }

  unsubscribe(channels: string[]) {
    this.socket?.emit("unsubscribe", { channels });
  }

  disconnect() {
    this.socket?.disconnect();
  }

  private showNotification(notification: any) {
    new Notification(notification.title, {
      body: notification.body,
      icon: notification.icon || "/logo.png",
      badge: notification.badge,
    });
  }
}

class MessagingService {
  private socket: Socket<Heard<"directMessages">, Sent<"directMessages">> | null = null;

  connect(userId: string, token: string) {
    this.socket = io("http://localhost:3000/ws", {
      query: { userId, token },
      transports: ["websocket"],
    });

    this.socket.on("MESSAGE_BROADCAST", (message) => {
      console.log("New message:", message.content);
    });

    this.socket.on("TYPING_INDICATOR", (data) => {
      console.log("Typing indicator:", data.isTyping);
    });

    // @ts-expect-error: a client sends it, and does not receive it
    this.socket.on("sendMessage", () => {});
  }

  sendMessage(receiverId: string, content: string) {
    this.socket?.emit("sendMessage", {
      receiverId,
      content,
    });
  }

  startTyping(receiverId: string) {
    this.socket?.emit("typing", { receiverId, isTyping: true });
  }

  stopTyping(receiverId: string) {
    this.socket?.emit("typing", { receiverId, isTyping: false });
  }

  markAsRead(messageId: string) {
    this.socket?.emit("markAsRead", { messageId });
  }
}

export const dashboardService = new DashboardService();
export const messagingService = new MessagingService();
