import { io, Socket } from 'socket.io-client';

class DashboardService {
  private socket: Socket | null = null;

  connect(userId: string, token: string) {
    this.socket = io('http://localhost:3000/dashboard', {
      query: { userId, token },
      transports: ['websocket'],
    });

    this.socket.on('connected', (data) => {
      console.log('Dashboard connected:', data);
    });

    this.socket.on('notification', (notification) => {
      console.log('New notification:', notification);
      this.showNotification(notification);
    });

    this.socket.on('activity', (activity) => {
      console.log('Activity update:', activity);
      this.updateActivityFeed(activity);
    });

    this.socket.on('user_status', (status) => {
      console.log('User status:', status);
      this.updateUserPresence(status);
    });

    this.socket.on('stats_update', (stats) => {
      console.log('Stats update:', stats);
      this.updateDashboardStats(stats);
    });

    this.socket.on('error', (error) => {
      console.error('Dashboard error:', error);
    });
  }

  subscribe(channels: string[]) {
    this.socket?.emit('subscribe', { channels });
  }

  unsubscribe(channels: string[]) {
    this.socket?.emit('unsubscribe', { channels });
  }

  disconnect() {
    this.socket?.disconnect();
  }

  private showNotification(notification: any) {
    // Show browser notification or in-app toast
    if ('Notification' in window && Notification.permission === 'granted') {
      new Notification(notification.title, {
        body: notification.body,
        icon: notification.icon || '/logo.png',
        badge: notification.badge,
      });
    }
  }

  private updateActivityFeed(activity: any) {
    // Update activity feed UI
  }

  private updateUserPresence(status: any) {
    // Update user online/offline status in UI
  }

  private updateDashboardStats(stats: any) {
    // Update dashboard statistics
  }
}

export const dashboardService = new DashboardService();
