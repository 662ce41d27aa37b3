// Made from docs/asyncapi.yaml by json-schema-to-typescript; `npm run generate` makes it again. Do not edit.

/**
 * An opaque identifier that is safe inside a channel name.
 */
export type Id = string;
/**
 * A built-in type, or one of your own, such as ORDER_SHIPPED.
 */
export type NotificationType = BuiltInNotificationType | OwnNotificationType;
/**
 * A type that has a title and a sentence, in each language.
 */
export type BuiltInNotificationType =
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
/**
 * A type that your back end names. It exists as soon as a notification or a preference has it.
 */
export type OwnNotificationType = string;
/**
 * ISO 8601 in UTC with milliseconds.
 */
export type Time = string;
/**
 * The message's number in its conversation, from 1 without gaps.
 */
export type Seq = number;
export type PartyName = string;
/**
 * The user's name; the user id if the token has no name.
 */
export type Username = string;
/**
 * Someone entered the room. Sent once, however many connections the user has.
 */
export type UserJoined = Person;
/**
 * A member's first connection subscribed.
 */
export type MemberAdded = Member;
/**
 * A member's last connection ended.
 */
export type MemberRemoved = Member;
/**
 * A party or its members changed. `updateType` determines the fields of `data`.
 */
export type PartyUpdated = PartyMemberJoined | PartyMemberLeft | PartySettingsChanged;
/**
 * A member's first connection subscribed.
 */
export type PartyMemberAdded = ConnectedPartyMember;
/**
 * A member's last connection ended.
 */
export type PartyMemberRemoved = ConnectedPartyMember;
/**
 * Something happened in the chat. `type` says what happened; ignore types that you do not know. It arrives at least once: recognize a duplicate message by its `id`. `message_deleted` is final for its message, even if it arrives first. The highest `seq` is a reader's read mark.
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
export type ChatRole = "guest" | "staff";
/**
 * The message's files; absent without any.
 *
 * @minItems 1
 * @maxItems 5
 */
export type Attachments = {
  id: string;
  /**
   * The file's name; escape it before you show it.
   */
  name: string;
  /**
   * Its media type.
   */
  type: string;
  /**
   * In bytes.
   */
  size: number;
}[];
/**
 * A person's first connection subscribed.
 */
export type GuestChatMemberAdded = ConnectedGuestChatMember;
/**
 * A person's last connection ended.
 */
export type GuestChatMemberRemoved = ConnectedGuestChatMember;
/**
 * Something happened in a chat of the hotel. The event of the chat, with the id of the chat. `chat_updated` is for the staff alone: one of them assigned, closed or reopened the chat. A guest's `chat_message` reopens a chat that was closed before its `createdAt`. Of two `chat_updated`, the one with the later `updatedAt` counts.
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
    }
  | {
      type: "chat_updated";
      state: "open" | "closed";
      /**
       * Null for nobody.
       */
      assignedTo: StaffMember | null;
      by: StaffMember;
      updatedAt: Time;
      bookingId: Id;
    };
export type LeaseRole = "client" | "notary" | "clerk" | "co-tenant";
/**
 * The participant or the role that is asked; absent where it is the other side.
 */
export type RequestAddressee =
  | {
      userId: Id;
    }
  | {
      role: LeaseRole;
    };
/**
 * A person's first connection subscribed.
 */
export type LeaseMemberAdded = ConnectedLeaseMember;
/**
 * A person's last connection ended.
 */
export type LeaseMemberRemoved = ConnectedLeaseMember;
/**
 * A back end asks for a notification. A sender who may put events on the bus may notify any user, or with `userIds` up to 100. An event that is delivered twice notifies once. An event that is malformed, or has a field that is not named here, goes to the dead-letter queue with the reason; and so does one of whose users not all could be notified, after two repetitions.
 */
export type NotificationRequested = (
  | {
      userId: Id;
    }
  | {
      userIds: UserIds;
    }
) &
  (
    | {
        type?: BuiltInNotificationType;
      }
    | {
        title: string;
        body: string;
      }
  ) & {
    userId?: Id;
    userIds?: UserIds;
    type: NotificationType;
    /**
     * A headline instead of the type's. Required for a type of your own.
     */
    title?: string | null;
    /**
     * A sentence instead of the type's. Required for a type of your own.
     */
    body?: string | null;
    data?: {
      [k: string]: unknown;
    };
    priority?: "normal" | "high";
    /**
     * How the push looks and sounds.
     */
    push?: PushLook | null;
  };
/**
 * Different users.
 *
 * @minItems 1
 * @maxItems 100
 */
export type UserIds = string[];
/**
 * An address that begins with `https://`.
 */
export type SecureAddress = string;
/**
 * The same each time that the fact arrives.
 */
export type FactId = string;
/**
 * The back end that made the change for its user (`On-Behalf-Of`), by the id in its token; absent where the user did it. Facts about messages and notifications do not have it.
 */
export type FactService = Id;
/**
 * A guest's chat, that of a lease, or the conversation of two users.
 */
export type ConversationRef =
  | {
      kind: "guest";
      hotelSlug: string;
      bookingId: string;
    }
  | {
      kind: "lease";
      bailId: Id;
    }
  | {
      kind: "direct";
      /**
       * @minItems 2
       * @maxItems 2
       */
      userIds: Id[];
    };
/**
 * The id by which the message's readers know it. That of a direct message begins with its sender, as long as their account is not erased; `conversation` and `seq` name a message for ever.
 */
export type FactMessageId = string;

export interface Events {
  names: ChannelNames;
  events: ChannelEvents;
  connection: ConnectionEvents;
  sockets: Sockets;
  bus: BusEvents;
  facts: Facts;
}
/**
 * What the names of each channel look like.
 */
export interface ChannelNames {
  /**
   * Events for one user
   */
  user: `private-user-${string}`;
  /**
   * Events for one user, encrypted end to end
   */
  encryptedUser: `private-encrypted-user-${string}`;
  /**
   * A book's reading room
   */
  room: `presence-room-${string}`;
  /**
   * Events of a party
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
   * Who has a guest's chat open, and who is typing
   */
  guestChatPresence: `presence-hotel-${string}-guest-chat-booking-${string}`;
  /**
   * A guest's chat, encrypted end to end
   */
  encryptedGuestChat: `private-encrypted-hotel-${string}-guest-chat-booking-${string}`;
  /**
   * Events in all chats of a hotel
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
  guestChatPresence: GuestChatPresenceEvents;
  encryptedGuestChat: EncryptedGuestChatEvents;
  hotelStaff: HotelStaffEvents;
  encryptedHotelStaff: EncryptedHotelStaffEvents;
  lease: LeaseEvents;
}
/**
 * The events on `private-user-{userId}`.
 */
export interface UserEvents {
  "kudos:received": KudosReceived;
  "notification:new": NotificationNew;
  "notification:read": NotificationRead;
  "conversation:read": ConversationRead;
  "party-invitation-received": PartyInvitationReceived;
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * Another reader gave kudos. It arrives at least once, and has no id: an event equal to the last one may be a duplicate. Show it as a state ("Ada gave you kudos") instead of counting.
 */
export interface KudosReceived {
  /**
   * The user who gave the kudos.
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
   * The user's name; the user id if the token has no name.
   */
  displayName: string;
  /**
   * Address of the user's picture; absent without one.
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
   * The sender's data, with the notification's id.
   */
  data: {
    notificationId: Id;
    [k: string]: unknown;
  };
}
/**
 * The user has read a notification, or all of them. For the user's other tabs and devices. Without a `notificationId`, none is unread.
 */
export interface NotificationRead {
  notificationId: Id | null;
  readAt: Time;
}
/**
 * The user has read a conversation. For the user's other tabs and devices. Of direct messages, it comes over `/ws`, also to the connection that reported the reading; of leases and a hotel's chats, on the user's channel. The highest `seq` counts.
 */
export interface ConversationRead {
  kind: "direct" | "lease" | "guest";
  /**
   * An opaque identifier that is safe inside a channel name.
   */
  userId?: string;
  /**
   * An opaque identifier that is safe inside a channel name.
   */
  bailId?: string;
  /**
   * Of `guest`.
   */
  hotelSlug?: string;
  /**
   * Of `guest`.
   */
  bookingId?: string;
  seq: Seq;
  unreadCount: number;
  readAt: Time;
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
 * The subscription was refused. Raised when `POST /pusher/auth` does not respond with 200. pusher-js asks once per connection: after 429 or 5xx, or without a response, call `channel.subscribe()` again, with a growing delay.
 */
export interface SubscriptionError {
  type: string;
  error: string;
  /**
   * Status code of the response, such as 403.
   */
  status?: number;
}
/**
 * The events on `private-encrypted-user-{userId}`.
 */
export interface EncryptedUserEvents {
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * The events on `presence-room-{bookId}`.
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
 * The subscription is confirmed; the members in the room.
 */
export interface PresenceSubscriptionSucceeded {
  /**
   * Everybody in the room, including the subscriber, by user id.
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
   * The user's name; the user id if the token has no name.
   */
  displayName: string;
  /**
   * Address of the user's picture; absent without one.
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
 * The events on `private-party-{partyId}`.
 */
export interface PartyEvents {
  "party-updated": PartyUpdated;
  "party-ended": PartyEnded;
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * A user accepted an invitation.
 */
export interface PartyMemberJoined {
  partyId: Id;
  updateType: "member-joined";
  data: {
    userId: Id;
    username: Username;
    /**
     * Address of the user's picture; absent without one.
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
     * The user who removed the member; null if the member left.
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
   * The changed fields, with their new values.
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
 * The owner has ended the party. The last event of the party. New subscriptions to its channels are refused.
 */
export interface PartyEnded {
  partyId: Id;
  endedBy: Id;
  endedAt: Time;
}
/**
 * The events on `private-encrypted-party-{partyId}`.
 */
export interface EncryptedPartyEvents {
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * The events on `presence-party-{partyId}`.
 */
export interface PartyPresenceEvents {
  "pusher:subscription_succeeded": PartyPresenceSubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
  "pusher:member_added": PartyMemberAdded;
  "pusher:member_removed": PartyMemberRemoved;
}
/**
 * The subscription is confirmed; the connected members.
 */
export interface PartyPresenceSubscriptionSucceeded {
  /**
   * Every connected member, including the subscriber, by user id.
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
   * Address of the user's picture; absent without one.
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
 * The events on `private-hotel-{hotelSlug}-guest-chat-booking-{bookingId}`.
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
   * The text as the author sent it; escape it before you show it. It may be empty beside attachments.
   */
  message: string;
  attachments?: Attachments;
  createdAt: Time;
}
/**
 * A deleted message, without its text.
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
 * The events on `presence-hotel-{hotelSlug}-guest-chat-booking-{bookingId}`.
 */
export interface GuestChatPresenceEvents {
  "pusher:subscription_succeeded": GuestChatSubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
  "pusher:member_added": GuestChatMemberAdded;
  "pusher:member_removed": GuestChatMemberRemoved;
}
/**
 * The subscription is confirmed; the connected people. As on other presence channels.
 */
export interface GuestChatSubscriptionSucceeded {
  members: {
    [k: string]: GuestChatMemberInfo;
  };
  count: number;
  myID: Id;
  me: ConnectedGuestChatMember;
}
export interface GuestChatMemberInfo {
  /**
   * The guest's. `GET /hotels/{hotelSlug}/staff` has the names of the staff, for the staff.
   */
  name?: string;
  role: ChatRole;
}
export interface ConnectedGuestChatMember {
  id: Id;
  info: GuestChatMemberInfo;
}
/**
 * The events on `private-encrypted-hotel-{hotelSlug}-guest-chat-booking-{bookingId}`.
 */
export interface EncryptedGuestChatEvents {
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * The events on `private-hotel-{hotelSlug}-staff`.
 */
export interface HotelStaffEvents {
  realtime_event: HotelStaffEvent;
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
export interface StaffMember {
  id: Id;
  name: string;
}
/**
 * The events on `private-encrypted-hotel-{hotelSlug}-staff`.
 */
export interface EncryptedHotelStaffEvents {
  "pusher:subscription_succeeded": SubscriptionSucceeded;
  "pusher:subscription_error": SubscriptionError;
}
/**
 * The events on `presence-bail-{bailId}`.
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
 * Somebody wrote. Arrives at least once; recognize a duplicate by its `id`.
 */
export interface LeaseMessage {
  id: string;
  seq: Seq;
  author: LeasePerson;
  /**
   * The text; escape it before you show it. Each line break is a line feed. It may be empty beside attachments.
   */
  content: string;
  attachments?: Attachments;
  createdAt: Time;
}
export interface LeasePerson {
  id: Id;
  name: string;
  role: LeaseRole;
}
/**
 * A message was deleted. Final for its message, even if it arrives first.
 */
export interface LeaseMessageDeleted {
  messageId: string;
  seq: Seq;
  deletedAt: Time;
}
/**
 * Somebody has read all messages up to a number. The highest `seq` is the reader's read mark.
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
  to?: RequestAddressee;
  createdBy: LeasePerson;
  createdAt: Time;
  updatedBy: LeasePerson | null;
  updatedAt: Time;
}
/**
 * The subscription is confirmed; the connected people. As on other presence channels.
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
 * The user is signed in. Confirms the library's `signin()`.
 */
export interface SigninSuccess {
  /**
   * The JSON string from the response of `POST /pusher/user-auth`; its `id` is the user's id.
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
 * The events that a client of `/dashboard` receives.
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
 * A back end's news about a user.
 */
export interface SocketActivity {
  /**
   * A duplicate has the same id: drop it.
   */
  eventId: string;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * A user's first connection began, or the last one ended.
 */
export interface SocketUserStatus {
  userId: Id;
  status: "online" | "offline";
  timestamp: string;
  [k: string]: unknown;
}
/**
 * An event for everybody.
 */
export interface SocketAnnouncement {
  /**
   * A duplicate has the same id: drop it.
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
   * A duplicate has the same id: drop it.
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
   * Requested channels that the user may not subscribe to. An `error` event reports them, too.
   */
  refused?: string[];
  [k: string]: unknown;
}
/**
 * A message was refused, or the connection ends.
 */
export interface SocketError {
  error: string;
  message: string;
  /**
   * Seconds.
   */
  retryAfter?: number;
  event?: string;
  /**
   * That of the message that was refused.
   */
  clientMessageId?: string;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * The events that a client of `/dashboard` sends.
 */
export interface DashboardSent {
  subscribe: SocketSubscribe;
  unsubscribe: SocketUnsubscribe;
}
/**
 * A client subscribes to channels.
 */
export interface SocketSubscribe {
  channels: string[];
  [k: string]: unknown;
}
/**
 * A client unsubscribes from channels.
 */
export interface SocketUnsubscribe {
  channels: string[];
  [k: string]: unknown;
}
/**
 * The events that a client of `/ws` receives.
 */
export interface DirectMessagesHeard {
  "message:new": MessageNew;
  MESSAGE_BROADCAST: MessageBroadcast;
  "message:sent": MessageSent;
  "message:read": MessageRead;
  "message:deleted": DirectMessageDeleted;
  "conversation:read": ConversationRead;
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
   * Text, or ciphertext that only the receiver can read.
   */
  content: unknown;
  attachments?: Attachments;
  createdAt: string;
  timestamp: string;
  clientMessageId?: string;
  /**
   * The message was stored before.
   */
  duplicate?: true;
  [k: string]: unknown;
}
/**
 * A message arrived, by its other name.
 */
export interface MessageBroadcast {
  id: string;
  seq: number;
  senderId: Id;
  senderName: string;
  receiverId: Id;
  /**
   * Text, or ciphertext that only the receiver can read.
   */
  content: unknown;
  attachments?: Attachments;
  createdAt: string;
  timestamp: string;
  clientMessageId?: string;
  /**
   * The message was stored before.
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
   * Text, or ciphertext that only the receiver can read.
   */
  content: unknown;
  attachments?: Attachments;
  createdAt: string;
  timestamp: string;
  clientMessageId?: string;
  /**
   * The message was stored before.
   */
  duplicate?: true;
  [k: string]: unknown;
}
/**
 * The other user has read up to a message.
 */
export interface MessageRead {
  messageId: string;
  readerId: Id;
  seq: number;
  readAt: string;
  [k: string]: unknown;
}
/**
 * A message lost its content. Its sender deleted it, or their account was erased; then there is no `messageId`. `userId` is the other user of the conversation.
 */
export interface DirectMessageDeleted {
  userId: Id;
  seq: number;
  messageId?: string;
  deletedAt: string;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * The other user types, or stopped.
 */
export interface TypingStart {
  userId: Id;
  senderId: Id;
  isTyping: boolean;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * The other user types, or stopped.
 */
export interface TypingStop {
  userId: Id;
  senderId: Id;
  isTyping: boolean;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * The other user types, or stopped.
 */
export interface TypingIndicator {
  userId: Id;
  senderId: Id;
  isTyping: boolean;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * A user of one of the conversations connected or disconnected.
 */
export interface PresenceOnline {
  userId: Id;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * A user of one of the conversations connected or disconnected.
 */
export interface PresenceOffline {
  userId: Id;
  timestamp: string;
  [k: string]: unknown;
}
/**
 * The events that a client of `/ws` sends.
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
   * Text of 1 to 4,000 characters, or {ciphertext, nonce, keyVersion}; with attachmentIds, the text may be empty.
   */
  content: unknown;
  /**
   * Files that the sender uploaded with `POST /messages/{userId}/attachments`.
   *
   * @maxItems 5
   */
  attachmentIds?: string[];
  /**
   * Chosen by the client, such as a UUID. Two messages with the same id to the same receiver are always the same message. Without an id, a message is a repetition if it equals the conversation's newest message, and its author sends it within five minutes.
   */
  clientMessageId?: string;
  [k: string]: unknown;
}
/**
 * A client reports that its user types.
 */
export interface Typing {
  receiverId: Id;
  isTyping: boolean;
  [k: string]: unknown;
}
/**
 * A client reports that its user has read.
 */
export interface MarkAsRead {
  messageId: string;
  /**
   * The other user of the conversation. Needed only when the sender was erased, so that the message's id does not begin with the sender.
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
export interface PushLook {
  /**
   * A large picture below the words.
   */
  image?: SecureAddress | null;
  /**
   * The small picture in a browser.
   */
  icon?: SecureAddress | null;
  /**
   * The page that a click opens in a browser, and `link` in the push's data.
   */
  link?: SecureAddress | null;
  /**
   * The action of an Android activity's intent filter, and the category of an iOS notification.
   */
  clickAction?: string | null;
  /**
   * Whether it makes no sound.
   */
  silent?: boolean | null;
}
/**
 * What Carillon puts on the stack's event bus, by detail-type.
 */
export interface Facts {
  "invitation.sent": InvitationSent;
  "invitation.accepted": InvitationAccepted;
  "invitation.declined": InvitationDeclined;
  "invitation.withdrawn": InvitationWithdrawn;
  "party.created": PartyCreated;
  "party.updated": PartyChanged;
  "party.owner-changed": PartyOwnerChanged;
  "party.ended": PartyEndedFact;
  "member.joined": MemberJoined;
  "member.left": MemberLeft;
  "member.removed": MemberWasRemoved;
  "kudos.given": KudosGiven;
  "message.sent": MessageWasSent;
  "message.deleted": MessageWasDeleted;
  "chat.assigned": ChatAssigned;
  "chat.closed": ChatClosed;
  "chat.reopened": ChatReopened;
  "lease-request.created": LeaseRequestCreated;
  "lease-request.updated": LeaseRequestChanged;
  "notification.created": NotificationCreated;
  "notification.read": NotificationWasRead;
  "notification.all-read": AllNotificationsRead;
  "device.registered": DeviceRegistered;
  "device.forgotten": DeviceForgotten;
  "email.turned-off": EmailTurnedOff;
  "email.turned-on": EmailTurnedOn;
  "user.erased": UserErased;
  "room.joined": RoomJoined;
  "room.left": RoomLeft;
}
/**
 * A member invited a user to a party.
 */
export interface InvitationSent {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  userId: Id;
  invitedBy: Id;
}
/**
 * A user accepted an invitation. `member.joined` tells of the same change.
 */
export interface InvitationAccepted {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  userId: Id;
  invitedBy: Id;
}
/**
 * A user declined an invitation.
 */
export interface InvitationDeclined {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  userId: Id;
}
/**
 * An invitation was taken back.
 */
export interface InvitationWithdrawn {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  userId: Id;
  withdrawnBy: Id;
}
/**
 * A user created a party.
 */
export interface PartyCreated {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  ownerId: Id;
}
/**
 * A party's name or settings changed. `GET /parties/{partyId}` has them.
 */
export interface PartyChanged {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  updatedBy: Id;
}
/**
 * A party has another owner.
 */
export interface PartyOwnerChanged {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  ownerId: Id;
  previousOwnerId: Id;
}
/**
 * A party ended. Its owner ended it, or its last member left.
 */
export interface PartyEndedFact {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  endedBy: Id;
}
/**
 * A user became a member of a party.
 */
export interface MemberJoined {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  userId: Id;
}
/**
 * A member left a party.
 */
export interface MemberLeft {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  userId: Id;
}
/**
 * The owner removed a member from a party.
 */
export interface MemberWasRemoved {
  id: FactId;
  service?: FactService;
  time: Time;
  partyId: Id;
  userId: Id;
  removedBy: Id;
}
/**
 * A reader gave kudos.
 */
export interface KudosGiven {
  id: FactId;
  service?: FactService;
  time: Time;
  kudosId: string;
  giverId: Id;
  receiverId: Id;
  sessionId: string;
}
/**
 * A user wrote a message. Messages of a guest's chat, of a lease's, and direct ones.
 */
export interface MessageWasSent {
  id: FactId;
  service?: FactService;
  time: Time;
  conversation: ConversationRef;
  messageId: FactMessageId;
  seq: Seq;
  /**
   * `null` if the author's account is erased by now.
   */
  authorId: Id | null;
  role: "guest" | "staff" | "client" | "notary" | "clerk" | "co-tenant" | "member";
  /**
   * Only with `Facts=on,text`; never of a sealed message.
   */
  text?: string;
  /**
   * The message's files in the stack's bucket, for those who scan them.
   *
   * @minItems 1
   * @maxItems 5
   */
  attachments?: {
    id: string;
    /**
     * Of the object in the bucket.
     */
    key: string;
    /**
     * As the sender's client named it. Nobody has looked at the content.
     */
    type: string;
    /**
     * In bytes.
     */
    size: number;
  }[];
}
/**
 * A message was deleted. Also by erasing its author.
 */
export interface MessageWasDeleted {
  id: FactId;
  service?: FactService;
  time: Time;
  conversation: ConversationRef;
  messageId: FactMessageId;
  seq: Seq;
}
/**
 * A hotel's chat was assigned to another member of the staff, or to nobody.
 */
export interface ChatAssigned {
  id: FactId;
  service?: FactService;
  time: Time;
  hotelSlug: Id;
  bookingId: Id;
  userId: Id | null;
  previousUserId: Id | null;
  assignedBy: Id;
}
/**
 * A hotel's staff closed a chat.
 */
export interface ChatClosed {
  id: FactId;
  service?: FactService;
  time: Time;
  hotelSlug: Id;
  bookingId: Id;
  closedBy: Id;
}
/**
 * A hotel's staff reopened a chat, or its guest wrote in it. The fact of a guest's message may come after this one.
 */
export interface ChatReopened {
  id: FactId;
  service?: FactService;
  time: Time;
  hotelSlug: Id;
  bookingId: Id;
  reopenedBy: Id;
}
/**
 * A participant of a lease made a request.
 */
export interface LeaseRequestCreated {
  id: FactId;
  service?: FactService;
  time: Time;
  bailId: Id;
  requestId: string;
  status: "pending" | "accepted" | "refused" | "done";
  createdBy: Id;
  to?: RequestAddressee;
}
/**
 * A request of a lease has another status.
 */
export interface LeaseRequestChanged {
  id: FactId;
  service?: FactService;
  time: Time;
  bailId: Id;
  requestId: string;
  status: "pending" | "accepted" | "refused" | "done";
  updatedBy: Id;
}
/**
 * A notification was stored.
 */
export interface NotificationCreated {
  id: FactId;
  service?: FactService;
  time: Time;
  notificationId: Id;
  userId: Id;
  notificationType: NotificationType;
}
/**
 * A user has read a notification.
 */
export interface NotificationWasRead {
  id: FactId;
  service?: FactService;
  time: Time;
  notificationId: Id;
  userId: Id;
}
/**
 * A user has read all notifications up to this moment.
 */
export interface AllNotificationsRead {
  id: FactId;
  service?: FactService;
  time: Time;
  userId: Id;
}
/**
 * A device gets a user's pushes. Apps register a device at each start, and each time is a fact.
 */
export interface DeviceRegistered {
  id: FactId;
  service?: FactService;
  time: Time;
  userId: Id;
  /**
   * A hash of the device's token.
   */
  deviceId: string;
}
/**
 * A device gets a user's pushes no more. The user unregistered it, another user or a newer device took its place, or FCM does not know it.
 */
export interface DeviceForgotten {
  id: FactId;
  service?: FactService;
  time: Time;
  userId: Id;
  /**
   * A hash of the device's token.
   */
  deviceId: string;
}
/**
 * A user gets no more e-mail about messages.
 */
export interface EmailTurnedOff {
  id: FactId;
  service?: FactService;
  time: Time;
  userId: Id;
  reason: "unsubscribed" | "bounced" | "complained";
}
/**
 * A user gets e-mail about messages again, by the page behind the link in an e-mail.
 */
export interface EmailTurnedOn {
  id: FactId;
  service?: FactService;
  time: Time;
  userId: Id;
}
/**
 * A user was erased everywhere.
 */
export interface UserErased {
  id: FactId;
  service?: FactService;
  time: Time;
  userId: Id;
}
/**
 * A user entered a reading room. Only with `Facts=on,presence`.
 */
export interface RoomJoined {
  id: FactId;
  service?: FactService;
  time: Time;
  bookId: Id;
  userId: Id;
}
/**
 * A user left a reading room. Only with `Facts=on,presence`.
 */
export interface RoomLeft {
  id: FactId;
  service?: FactService;
  time: Time;
  bookId: Id;
  userId: Id;
}
