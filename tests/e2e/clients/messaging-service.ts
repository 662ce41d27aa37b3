import { io, Socket } from 'socket.io-client';

class MessagingService {
  private socket: Socket | null = null;

  connect(userId: string, token: string) {
    this.socket = io('http://localhost:3000/ws', {
      query: { userId, token },
      transports: ['websocket'],
    });

    this.socket.on('MESSAGE_BROADCAST', (message) => {
      console.log('New message:', message);
      this.handleNewMessage(message);
    });

    this.socket.on('TYPING_INDICATOR', (data) => {
      console.log('Typing indicator:', data);
      this.showTypingIndicator(data);
    });
  }

  sendMessage(receiverId: string, content: string) {
    this.socket?.emit('sendMessage', {
      receiverId,
      content,
    });
  }

  startTyping(receiverId: string) {
    this.socket?.emit('typing', { receiverId, isTyping: true });
  }

  stopTyping(receiverId: string) {
    this.socket?.emit('typing', { receiverId, isTyping: false });
  }

  markAsRead(messageId: string) {
    this.socket?.emit('markAsRead', { messageId });
  }

  private handleNewMessage(message: any) {
    // Add message to chat UI
  }

  private showTypingIndicator(data: any) {
    // Show/hide typing indicator
  }
}

export const messagingService = new MessagingService();
