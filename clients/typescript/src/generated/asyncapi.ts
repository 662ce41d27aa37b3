// Made from docs/asyncapi.yaml by json-schema-to-typescript; `npm run generate` makes it again. Do not edit.

/**
 * An opaque identifier that is safe inside a channel name.
 */
export type Id = string;
export type NotificationType =
  | "MESSAGE"
  | "CONNECTION_REQUEST"
  | "CONNECTION_ACCEPTED"
  | "POST_COMMENT"
  | "COMMENT_MENTION"
  | "REFERRAL_APPLICATION"
  | "PROJECT_UPDATE"
  | "SYSTEM"
  | "KUDOS"
  | "PARTY_INVITATION";
export type PartyName = string;
/**
 * What the user is called; the user id when the token has no name.
 */
export type Username = string;
/**
 * ISO 8601 in UTC with milliseconds.
 */
export type Time = string;
/**
 * Someone entered the room. Once for each entering, however many connections the user has.
 */
export type UserJoined = Person;
/**
 * A member's first connection subscribed.
 */
export type MemberAdded = Member;
/**
 * A member's last connection is gone.
 */
export type MemberRemoved = Member;
/**
 * Who is in a party, or what is said of it, changed. `updateType` says what `data` holds.
 */
export type PartyUpdated = PartyMemberJoined | PartyMemberLeft | PartySettingsChanged;
/**
 * A member's first connection subscribed.
 */
export type PartyMemberAdded = ConnectedPartyMember;
/**
 * A member's last connection is gone.
 */
export type PartyMemberRemoved = ConnectedPartyMember;
/**
 * Something happened in the chat. Tell what by `type`; there may be more types one day. It comes at least once: tell a message that came twice by its `id`. A `message_deleted` is the last word on its message, whenever it comes. Of read marks, the highest `seq` of a reader counts.
 */
export type GuestChatEvent =
  | {
      type: "chat_message";
      message: WrittenChatMessage;
    }
  | {
      type: "message_deleted";
      message: DeletedChatMessage;
    }
  | {
      type: "messages_read";
      reader: ChatReader;
      seq: Seq;
      readAt: Time;
    };
/**
 * A message's number in its conversation, from 1 without gaps.
 */
export type Seq = number;
export type ChatRole = "guest" | "staff";
/**
 * Something happened in one of the hotel's chats. As in the chat, and which one it is.
 */
export type HotelStaffEvent =
  | {
      type: "chat_message";
      message: WrittenChatMessage;
      bookingId: Id;
    }
  | {
      type: "message_deleted";
      message: DeletedChatMessage;
      bookingId: Id;
    }
  | {
      type: "messages_read";
      reader: ChatReader;
      seq: Seq;
      readAt: Time;
      bookingId: Id;
    };
export type LeaseRole = "client" | "notary";
/**
 * A person's first connection subscribed.
 */
export type LeaseMemberAdded = ConnectedLeaseMember;
/**
 * A person's last connection is gone.
 */
export type LeaseMemberRemoved = ConnectedLeaseMember;

export interface Events {
  names: ChannelNames;
  events: ChannelEvents;
  connection: ConnectionEvents;
  sockets: Sockets;
  bus: BusEvents;
}
/**
 * What the names of each channel look like.
 */
export interface ChannelNames {
  /**
   * What concerns one user
   */
  user: `private-user-${string}`;
  /**
   * What concerns one user, encrypted end to end
   */
  encryptedUser: `private-encrypted-user-${string}`;
  /**
   * A book's reading room
   */
  room: `presence-room-${string}`;
  /**
   * What happens to a party
   */
  party: `private-party-${string}`;
  /**
   * A party's channel, encrypted end to end
   */
  encryptedParty: `private-encrypted-party-${string}`;
  /**
   * Which members of a party are connected
   */
  partyPresence: `presence-party-${string}`;
  /**
   * A guest's chat with a hotel
   */
  guestChat: `private-hotel-${string}-guest-chat-booking-${string}`;
  /**
   * A guest's chat, encrypted end to end
   */
  encryptedGuestChat: `private-encrypted-hotel-${string}-guest-chat-booking-${string}`;
  /**
   * What happens in any chat of a hotel
   */
  hotelStaff: `private-hotel-${string}-staff`;
  /**
   * The staff's channel, encrypted end to end
   */
  encryptedHotelStaff: `private-encrypted-hotel-${string}-staff`;
  /**
   * The chat of a lease
   */
  lease: `presence-bail-${string}`;
}
/**
 * For each channel, the payloads by event name.
 */
export interface ChannelEvents {
  user: UserEvents;
  encryptedUser: EncryptedUserEvents;
  room: RoomEvents;
  party: PartyEvents;
  encryptedParty: EncryptedPartyEvents;
  partyPresence: PartyPresenceEvents;
  guestChat: GuestChatEvents;
  encryptedGuestChat: EncryptedGuestChatEvents;
  hotelStaff: HotelStaffEvents;
  encryptedHotelStaff: EncryptedHotelStaffEvents;
  lease: LeaseEvents;
}
/**
 * What is heard on `private-user-{userId}`.
 */
export interface UserEvents {
  "kudos:received": KudosReceived;
  "notification:new": NotificationNew;
  "party-invitation-received": PartyInvitationReceived;
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * Another reader gave kudos. Has no id. It comes at least once, so one that is the same as the last may be the same kudos; show it as a state ("Ada gave you kudos") rather than count it.
 */
export interface KudosReceived {
  /**
   * Who gave the kudos.
   */
  fromUser: Person;
  /**
   * The reading session that the kudos are for.
   */
  sessionId: string;
  /**
   * Title of the book that was read.
   */
  bookTitle: string;
}
export interface Person {
  userId: Id;
  /**
   * What the user is called; the user id when the token has no name.
   */
  displayName: string;
  /**
   * Picture of the user, if there is one.
   */
  avatarUrl: string | null;
}
/**
 * A notification was stored.
 */
export interface NotificationNew {
  type: NotificationType;
  /**
   * One sentence for the user.
   */
  message: string;
  /**
   * What the sender gave, and the notification's id.
   */
  data: {
    notificationId: Id;
    [k: string]: unknown;
  };
}
/**
 * A member of a party invited the user.
 */
export interface PartyInvitationReceived {
  partyId: Id;
  partyName: PartyName;
  invitedBy: {
    id: Id;
    username: Username;
  };
  invitedAt: Time;
}
/**
 * Empty.
 */
export interface SubscriptionSucceeded {}
/**
 * The subscription was refused. Raised when `POST /pusher/auth` does not answer with 200. pusher-js asks once per connection: after 429 or 5xx, or without an answer, call `channel.subscribe()` again, later each time.
 */
export interface SubscriptionError {
  type: string;
  error: string;
  /**
   * Status code of the answer, such as 403.
   */
  status?: number;
}
/**
 * What is heard on `private-encrypted-user-{userId}`.
 */
export interface EncryptedUserEvents {
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * What is heard on `presence-room-{bookId}`.
 */
export interface RoomEvents {
  "room:user-joined": UserJoined;
  "room:user-left": UserLeft;
  "room:author-joined": AuthorJoined;
  "pusher:subscription_succeeded": PresenceSubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
  "pusher:member_added": MemberAdded;
  "pusher:member_removed": MemberRemoved;
}
/**
 * Someone left the room.
 */
export interface UserLeft {
  userId: Id;
}
/**
 * The book's author entered the room.
 */
export interface AuthorJoined {
  authorId: Id;
  authorName: string;
}
/**
 * The subscription is confirmed, and this is who is in the room.
 */
export interface PresenceSubscriptionSucceeded {
  /**
   * Everybody in the room, the subscriber too, by user id.
   */
  members: {
    [k: string]: RoomMember;
  };
  count: number;
  myID: Id;
  me: Member;
}
/**
 * The presence `user_info` of a reading room's member.
 */
export interface RoomMember {
  userId: Id;
  /**
   * What the user is called; the user id when the token has no name.
   */
  displayName: string;
  /**
   * Picture of the user, if there is one.
   */
  avatarUrl: string | null;
  /**
   * Whether the user wrote the book.
   */
  isAuthor: boolean;
}
/**
 * A member as presence events show them.
 */
export interface Member {
  id: Id;
  info: RoomMember;
}
/**
 * What is heard on `private-party-{partyId}`.
 */
export interface PartyEvents {
  "party-updated": PartyUpdated;
  "party-ended": PartyEnded;
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * Someone accepted an invitation.
 */
export interface PartyMemberJoined {
  partyId: Id;
  updateType: "member-joined";
  data: {
    userId: Id;
    username: Username;
    /**
     * Picture of the user, if there is one.
     */
    avatar: string | null;
  };
  updatedAt: Time;
}
/**
 * A member left, or the owner removed them.
 */
export interface PartyMemberLeft {
  partyId: Id;
  updateType: "member-left";
  data: {
    userId: Id;
    username: Username;
    /**
     * Who removed the member; null when they left by themselves.
     */
    removedBy: Id | null;
  };
  updatedAt: Time;
}
/**
 * The owner changed the party, or handed it over.
 */
export interface PartySettingsChanged {
  partyId: Id;
  updateType: "settings-changed";
  /**
   * What changed, as it is now.
   */
  data: {
    partyName?: PartyName;
    settings?: {
      [k: string]: unknown;
    };
    ownerId?: Id;
  };
  updatedAt: Time;
}
/**
 * The owner has ended the party. Nothing follows it, and nobody can subscribe to the party's channels any more.
 */
export interface PartyEnded {
  partyId: Id;
  endedBy: Id;
  endedAt: Time;
}
/**
 * What is heard on `private-encrypted-party-{partyId}`.
 */
export interface EncryptedPartyEvents {
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * What is heard on `presence-party-{partyId}`.
 */
export interface PartyPresenceEvents {
  "pusher:subscription_succeeded": PartyPresenceSubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
  "pusher:member_added": PartyMemberAdded;
  "pusher:member_removed": PartyMemberRemoved;
}
/**
 * The subscription is confirmed, and these members are connected.
 */
export interface PartyPresenceSubscriptionSucceeded {
  /**
   * Every connected member, the subscriber too, by user id.
   */
  members: {
    [k: string]: PartyMemberInfo;
  };
  count: number;
  myID: Id;
  me: ConnectedPartyMember;
}
/**
 * The presence `user_info` of a party's member.
 */
export interface PartyMemberInfo {
  username: Username;
  /**
   * Picture of the user, if there is one.
   */
  avatar?: string;
}
/**
 * A party's member as presence events show them.
 */
export interface ConnectedPartyMember {
  id: Id;
  info: PartyMemberInfo;
}
/**
 * What is heard on `private-hotel-{hotelSlug}-guest-chat-booking-{bookingId}`.
 */
export interface GuestChatEvents {
  realtime_event: GuestChatEvent;
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
export interface WrittenChatMessage {
  id: string;
  seq: Seq;
  author: {
    /**
     * Null once the author's account is erased.
     */
    id: Id | null;
    name: string;
    role: ChatRole;
  };
  /**
   * The text as it was sent, so escape it where it is shown.
   */
  message: string;
  createdAt: Time;
}
/**
 * What is left of a message that was deleted.
 */
export interface DeletedChatMessage {
  id: string;
  seq: Seq;
  author: {
    /**
     * Null once the author's account is erased.
     */
    id: Id | null;
    name: string;
    role: ChatRole;
  };
  createdAt: Time;
  deletedAt: Time;
}
export interface ChatReader {
  id: Id;
  role: ChatRole;
}
/**
 * What is heard on `private-encrypted-hotel-{hotelSlug}-guest-chat-booking-{bookingId}`.
 */
export interface EncryptedGuestChatEvents {
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * What is heard on `private-hotel-{hotelSlug}-staff`.
 */
export interface HotelStaffEvents {
  realtime_event: HotelStaffEvent;
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * What is heard on `private-encrypted-hotel-{hotelSlug}-staff`.
 */
export interface EncryptedHotelStaffEvents {
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * What is heard on `presence-bail-{bailId}`.
 */
export interface LeaseEvents {
  "new-message": LeaseMessage;
  "message-deleted": LeaseMessageDeleted;
  "messages-read": LeaseMessagesRead;
  "request-updated": LeaseRequestUpdated;
  "pusher:subscription_succeeded": LeaseSubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
  "pusher:member_added": LeaseMemberAdded;
  "pusher:member_removed": LeaseMemberRemoved;
}
/**
 * Somebody wrote. Comes at least once; tell a message that came twice by its `id`.
 */
export interface LeaseMessage {
  id: string;
  seq: Seq;
  author: LeasePerson;
  /**
   * The text, so escape it where it is shown. Each line break is a line feed.
   */
  content: string;
  createdAt: Time;
}
export interface LeasePerson {
  id: Id;
  name: string;
  role: LeaseRole;
}
/**
 * A message was deleted. The last word on its message, whenever it comes.
 */
export interface LeaseMessageDeleted {
  messageId: string;
  seq: Seq;
  deletedAt: Time;
}
/**
 * Somebody has read all messages up to a number. Of those of a reader, the highest `seq` counts.
 */
export interface LeaseMessagesRead {
  reader: {
    id: Id;
    role: LeaseRole;
  };
  seq: Seq;
  readAt: Time;
}
/**
 * A request was made or changed. The whole request. Of two with the same `id`, the later `updatedAt` counts.
 */
export interface LeaseRequestUpdated {
  id: string;
  title: string;
  description: string;
  status: "pending" | "accepted" | "refused" | "done";
  createdBy: LeasePerson;
  createdAt: Time;
  updatedBy: LeasePerson | null;
  updatedAt: Time;
}
/**
 * The subscription is confirmed, and these people are connected. As on other presence channels.
 */
export interface LeaseSubscriptionSucceeded {
  members: {
    [k: string]: LeaseMemberInfo;
  };
  count: number;
  myID: Id;
  me: ConnectedLeaseMember;
}
export interface LeaseMemberInfo {
  name: string;
  role: LeaseRole;
}
export interface ConnectedLeaseMember {
  id: Id;
  info: LeaseMemberInfo;
}
/**
 * Payloads of the events that belong to no channel, by event name.
 */
export interface ConnectionEvents {
  "pusher:signin_success": SigninSuccess;
}
/**
 * The user is signed in. Answers the library's `signin()`.
 */
export interface SigninSuccess {
  /**
   * The JSON string that `POST /pusher/user-auth` gave; its `id` is the user's id.
   */
  user_data: string;
}
/**
 * For each namespace of the WebSocket API, what a client hears and what it sends.
 */
export interface Sockets {
  /**
   * Updates of a dashboard
   */
  dashboard: {
    heard: DashboardHeard;
    sent: DashboardSent;
  };
  /**
   * Direct messages
   */
  directMessages: {
    heard: DirectMessagesHeard;
    sent: DirectMessagesSent;
  };
}
/**
 * What a client of `/dashboard` hears.
 */
export interface DashboardHeard {
  connected: SocketConnected;
  notification: SocketNotification;
  activity: SocketActivity;
  user_status: SocketUserStatus;
  announcement: SocketAnnouncement;
  stats_update: SocketStatsUpdate;
  subscribed: SocketSubscribed;
  error: SocketError;
}
/**
 * A connection to /dashboard was made.
 */
export interface SocketConnected {
  userId: Id;
  timestamp: string;
  message: string;
  [k: string]: unknown;
}
/**
 * A notification was stored.
 */
export interface SocketNotification {
  title: string;
  body: string;
  type: NotificationType;
  priority: "normal" | "high";
  data: {};
  timestamp: string;
  [k: string]: unknown;
}
/**
 * What a back end says of a user.
 */
export interface SocketActivity {
  /**
   * The same each time the event comes: drop duplicates by it.
   */
  eventId: string;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * The first connection of a user was made, or the last one ended.
 */
export interface SocketUserStatus {
  userId: Id;
  status: "online" | "offline";
  timestamp: string;
  [k: string]: unknown;
}
/**
 * For everybody.
 */
export interface SocketAnnouncement {
  /**
   * The same each time the event comes: drop duplicates by it.
   */
  eventId: string;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * Figures that a back end sends.
 */
export interface SocketStatsUpdate {
  /**
   * The same each time the event comes: drop duplicates by it.
   */
  eventId: string;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * All channels of the connection.
 */
export interface SocketSubscribed {
  /**
   * @maxItems 50
   */
  channels: string[];
  /**
   * Those that were asked for and are not open to the user. An `error` event says so, too.
   */
  refused?: string[];
  [k: string]: unknown;
}
/**
 * What was sent was not done, or the connection ends.
 */
export interface SocketError {
  error: string;
  message: string;
  /**
   * Seconds.
   */
  retryAfter?: number;
  event?: string;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * What a client of `/dashboard` sends.
 */
export interface DashboardSent {
  subscribe: SocketSubscribe;
  unsubscribe: SocketUnsubscribe;
}
/**
 * A client wants the events of channels.
 */
export interface SocketSubscribe {
  channels: string[];
  [k: string]: unknown;
}
/**
 * A client wants them no more.
 */
export interface SocketUnsubscribe {
  channels: string[];
  [k: string]: unknown;
}
/**
 * What a client of `/ws` hears.
 */
export interface DirectMessagesHeard {
  "message:new": MessageNew;
  MESSAGE_BROADCAST: MessageBroadcast;
  "message:sent": MessageSent;
  "message:read": MessageRead;
  "message:deleted": DirectMessageDeleted;
  "typing:start": TypingStart;
  "typing:stop": TypingStop;
  TYPING_INDICATOR: TypingIndicator;
  "presence:online": PresenceOnline;
  "presence:offline": PresenceOffline;
  error: SocketError;
}
/**
 * A message arrived.
 */
export interface MessageNew {
  id: string;
  seq: number;
  senderId: Id;
  senderName: string;
  receiverId: Id;
  /**
   * Text, or what only the receiver can read.
   */
  content: unknown;
  createdAt: string;
  timestamp: string;
  clientMessageId?: string;
  /**
   * It was stored before.
   */
  duplicate?: true;
  [k: string]: unknown;
}
/**
 * The same by its other name.
 */
export interface MessageBroadcast {
  id: string;
  seq: number;
  senderId: Id;
  senderName: string;
  receiverId: Id;
  /**
   * Text, or what only the receiver can read.
   */
  content: unknown;
  createdAt: string;
  timestamp: string;
  clientMessageId?: string;
  /**
   * It was stored before.
   */
  duplicate?: true;
  [k: string]: unknown;
}
/**
 * A message was stored, for its sender.
 */
export interface MessageSent {
  id: string;
  seq: number;
  senderId: Id;
  senderName: string;
  receiverId: Id;
  /**
   * Text, or what only the receiver can read.
   */
  content: unknown;
  createdAt: string;
  timestamp: string;
  clientMessageId?: string;
  /**
   * It was stored before.
   */
  duplicate?: true;
  [k: string]: unknown;
}
/**
 * The other one has read up to a message.
 */
export interface MessageRead {
  messageId: string;
  readerId: Id;
  seq: number;
  readAt: string;
  [k: string]: unknown;
}
/**
 * A message lost its content. The account of whoever wrote it was erased. `userId` is the other one of the conversation.
 */
export interface DirectMessageDeleted {
  userId: Id;
  seq: number;
  deletedAt: string;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * Whether the other one types.
 */
export interface TypingStart {
  userId: Id;
  senderId: Id;
  isTyping: boolean;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * Whether the other one types.
 */
export interface TypingStop {
  userId: Id;
  senderId: Id;
  isTyping: boolean;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * Whether the other one types.
 */
export interface TypingIndicator {
  userId: Id;
  senderId: Id;
  isTyping: boolean;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * Somebody whom the user has exchanged messages with came or went.
 */
export interface PresenceOnline {
  userId: Id;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * Somebody whom the user has exchanged messages with came or went.
 */
export interface PresenceOffline {
  userId: Id;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * What a client of `/ws` sends.
 */
export interface DirectMessagesSent {
  sendMessage: SendMessage;
  typing: Typing;
  markAsRead: MarkAsRead;
}
/**
 * A client sends a message.
 */
export interface SendMessage {
  receiverId: Id;
  /**
   * Text of 1 to 4,000 characters, or {ciphertext, nonce, keyVersion}.
   */
  content: unknown;
  /**
   * Chosen by the client, such as a UUID. The same one to the same receiver is the same message, for good. Without it, the newest message of the conversation, sent again by its author within five minutes, is the same message.
   */
  clientMessageId?: string;
  [k: string]: unknown;
}
/**
 * A client says that its user types.
 */
export interface Typing {
  receiverId: Id;
  isTyping: boolean;
  [k: string]: unknown;
}
/**
 * A client says that its user has read.
 */
export interface MarkAsRead {
  messageId: string;
  /**
   * The other one of the conversation. Needed only for an id that does not begin with its sender, because the sender was erased.
   */
  userId?: Id;
  [k: string]: unknown;
}
/**
 * What back ends put on the stack's event bus, by detail-type.
 */
export interface BusEvents {
  NotificationRequested: NotificationRequested;
}
/**
 * A back end asks for a notification. Whoever may put events on the bus may notify anybody. The same event delivered twice notifies once. One that cannot be read, or that has a field that is not named here, ends in the dead-letter queue with the reason.
 */
export interface NotificationRequested {
  userId: Id;
  type: NotificationType;
  /**
   * A headline in place of the type's.
   */
  title?: string | null;
  /**
   * A sentence in place of the one that the type makes of the data.
   */
  body?: string | null;
  data?: {
    [k: string]: unknown;
  };
  priority?: "normal" | "high";
}
