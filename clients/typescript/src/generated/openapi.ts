// Made from docs/openapi.yaml by openapi-typescript; `npm run generate` makes it again. Do not edit.

export interface paths {
    "/pusher/auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Authorize a subscription to a channel
         * @description The endpoint that a Pusher client calls before it subscribes; give it to the client as its channel authorization endpoint,
         *     with the caller's bearer token as a header. A form names each of its fields once.
         *
         *     | channel | who may subscribe |
         *     |---|---|
         *     | `private-user-{userId}` | that user |
         *     | `private-encrypted-user-{userId}` | that user; the response adds `shared_secret` |
         *     | `presence-room-{bookId}` | any signed-in user; the response adds `channel_data` |
         *     | `private-party-{partyId}` | the party's members |
         *     | `private-encrypted-party-{partyId}` | the party's members; the response adds `shared_secret` |
         *     | `presence-party-{partyId}` | the party's members; the response adds `channel_data` |
         *     | `presence-bail-{bailId}` | the lease's participants; the response adds `channel_data` |
         *     | `private-hotel-{slug}-guest-chat-booking-{bookingId}` | the hotel's staff; its guest asks `POST /api/guest/hotel/{hotelSlug}/chat/pusher/auth` |
         *     | `presence-hotel-{slug}-guest-chat-booking-{bookingId}` | the same; the response adds `channel_data` |
         *     | `private-hotel-{slug}-staff` | the hotel's staff |
         *     | `private-encrypted-hotel-…` of both | the same; the response adds `shared_secret` |
         *     | any other: `private-…`, `private-cache-…` | users whose token names it in its claim `channels`, and its members (`PUT /channels/{channel}/members/{userId}`) |
         *     | `private-encrypted-…`, `private-encrypted-cache-…` | the same; the response adds `shared_secret` |
         *     | `presence-…`, `presence-cache-…` | the same; the response adds `channel_data` |
         *
         *     Names that go on with `user-`, `party-`, `room-`, `hotel-` or `bail-` after any of these types are reserved for the channels above:
         *     those that are not in the table are refused with 403, and so is another user's channel. A public channel needs no
         *     authorization, so asking for it is refused with 400. A user may ask 200 times at once, and then ten times per second.
         */
        post: operations["authorizeChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/pusher/user-auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in the caller's connection to Pusher
         * @description The endpoint that a Pusher client calls for its `signin()`; give it to the client as its user authentication endpoint. Pusher knows a signed-in connection by its user id, and closes it when the user's connections are terminated.
         */
        post: operations["authenticateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/pusher/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a webhook from Pusher
         * @description For Pusher alone: it calls this address when a user enters or leaves a presence channel. Enable the presence webhooks in
         *     Pusher's dashboard. Events of other channels than reading rooms are accepted and ignored, and so is a repeated webhook.
         *     There is no bearer token: the signature proves the sender.
         */
        post: operations["receivePusherWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apps/{appId}/events": {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description The MD5 of the body, in hexadecimal; required with a body. */
                body_md5?: components["parameters"]["BodyMd5"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trigger an event
         * @description Stores the event and sends it to each of its channels. Carillon's own channels are among those that it may name. The data goes as it came: the library encrypts that for an encrypted channel.
         */
        post: operations["triggerEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apps/{appId}/batch_events": {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description The MD5 of the body, in hexadecimal; required with a body. */
                body_md5?: components["parameters"]["BodyMd5"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trigger up to ten events
         * @description Stores all of them or none. They arrive in this order.
         */
        post: operations["triggerBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apps/{appId}/channels": {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
            };
            cookie?: never;
        };
        /**
         * List the occupied channels
         * @description Pusher answers.
         */
        get: operations["listPusherChannels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apps/{appId}/channels/{channelName}": {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
                /** @description A channel of any type. */
                channelName: components["parameters"]["PusherChannelName"];
            };
            cookie?: never;
        };
        /**
         * Show a channel's state
         * @description Pusher answers.
         */
        get: operations["showPusherChannel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apps/{appId}/channels/{channelName}/users": {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
                /** @description A channel of any type. */
                channelName: components["parameters"]["PusherChannelName"];
            };
            cookie?: never;
        };
        /**
         * List the users of a presence channel
         * @description Pusher answers.
         */
        get: operations["listPusherUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apps/{appId}/users/{userId}/terminate_connections": {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description The MD5 of the body, in hexadecimal; required with a body. */
                body_md5?: components["parameters"]["BodyMd5"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a signed-in user's connections
         * @description Stores that they are to end, and ends them.
         */
        post: operations["terminateUserConnections"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/kudos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the kudos that the caller has received, newest first
         * @description Names and pictures of the givers are the current ones. Kudos given a moment ago may be missing; the event `kudos:received` announces them.
         */
        get: operations["listKudos"];
        put?: never;
        /**
         * Give kudos to another reader
         * @description Stores the kudos and sends `kudos:received` to the receiver's channel `private-user-{receiverId}`. A receiver who is known here also gets a notification of type `KUDOS`, as their preferences have it, unless the stack's `NotificationsOf` leaves it out.
         */
        post: operations["createKudos"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/books/{bookId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Say who wrote a book
         * @description For other back ends: the token needs the role `service`. When the author enters the book's reading room, the response has `isAuthor`, and everybody in the room gets `room:author-joined`. Replaces the earlier entry of the book: a name or title that is left out is forgotten. It may be repeated.
         */
        put: operations["putBook"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import the data of another system
         * @description For other back ends: the token needs the role `service`. The body has up to 100 lines, each an `ImportLine`: a row of another system with its own id and times. No event, notification, push or e-mail goes out, and no limit per user counts.
         *
         *     A line is written once. The same line again is `unchanged`, as long as its row is there, whatever users have changed since. Another line of the same id has `failed` as a conflict, and changes nothing. `skipped` are lines of what has expired, and of what is here already without an import: it may be newer. One line's failure does not concern the others; its `reason` says what to do. Where `retryable` is true, send the same line again.
         *
         *     Lines of one conversation, party or user are written in the order of the lines, all others side by side. Messages get their numbers in the order in which they come, without files, so send a conversation's lines one request after the other: requests at the same time mix their numbers. New messages are refused once somebody has written in the conversation here. Notifications come before all that are created here.
         */
        post: operations["importLines"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{userId}/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the name and picture of a user
         * @description For other back ends: the token needs the role `service`. Others then see the user by this name and picture wherever they see them, whatever the user's own tokens say, and the user can be invited to a party. It takes up to a minute, and on a WebSocket until the next connection. Stored messages keep the name of their time. Replaces the earlier profile: for a field that is left out, the user's tokens decide again. It may be repeated.
         */
        put: operations["putProfile"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rooms/{bookId}/presence": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The book whose reading room this is. */
                bookId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Show who is in a book's reading room
         * @description For any member, like the room's channel. A client that subscribes to `presence-room-{bookId}` gets this list from Pusher; this operation is for other clients. The room of an unknown book, or of one without readers, is empty.
         */
        get: operations["listRoom"];
        put?: never;
        /**
         * Enter a book's reading room
         * @description Sends `room:user-joined` on `presence-room-{bookId}`, followed by `room:author-joined` when the caller wrote the book.
         *     A user who is already in the room, by this call or by subscribing to the channel, does not join again; the response is
         *     that of the first time. Takes no request body.
         */
        post: operations["joinRoom"];
        /**
         * Leave a book's reading room
         * @description Sends `room:user-left` on `presence-room-{bookId}`. A caller who is not in the room gets 204, too.
         */
        delete: operations["leaveRoom"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the caller's notifications, newest first */
        get: operations["listNotifications"];
        put?: never;
        /**
         * Notify a user, as another back end
         * @description The token needs the role `service`. Stores the notification and sends `notification:new` to the user's channel `private-user-{userId}`. Also sends a push to the user's devices when no client is subscribed to that channel, or always with priority high. The user's preferences apply to both. A built-in type determines title and sentence, in the user's language; `title` and `body` replace them. A type of your own has neither, so send both, in the user's language. Notifications of one type and one source within a minute replace each other on the device. The source is the data's `sourceId`, or else `conversationId`, `postId`, `projectId`, `referralId`, `sessionId`, `partyId` or `senderId`, as fits the type; for a type of your own, `sourceId` or `senderId`. An event `NotificationRequested` on the stack's event bus, with this body as its detail, does the same.
         *
         *     A push makes the device's usual sound, and on iOS it sets the number on the app's icon to the user's unread notifications. `push` chooses its image, icon, link and action, or silence. A push holds 4,096 bytes with all of the data and addresses; a longer `body` is cut. A request with `push` that would be longer even without its body is refused with 400. Without `push`, the notification is stored and sent to the app, and not pushed: that happens with much more than 3 KB of data.
         *
         *     `userIds` in place of `userId` notifies up to 100 users. Each has a notification of their own, and a result in the response: `created`, `refused` (the same would be refused again) or `failed` (repeat it). One user's failure does not concern the others. Send an `Idempotency-Key`, and repeat the request with it while a result is `failed`, or if there was no response: it creates what is missing, and nothing twice. An event with `userIds` fails if one of its users is not notified; Lambda then repeats it twice, and it becomes a dead letter.
         */
        post: operations["createNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/unread-count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count the caller's unread notifications */
        get: operations["countUnreadNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/{notificationId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the notification. */
                notificationId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        /** Show one of the caller's notifications */
        get: operations["showNotification"];
        put?: never;
        post?: never;
        /**
         * Delete one of the caller's notifications
         * @description Erases the notification and cancels its pending deliveries; it is not listed or counted any more. Deleting it again gives the same response. Takes no request body.
         */
        delete: operations["deleteNotification"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/{notificationId}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark one of the caller's notifications as read
         * @description The second time changes nothing; the response has the time of the first. Takes no request body.
         */
        post: operations["markNotificationRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/read-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark all of the caller's notifications as read
         * @description Takes no request body.
         */
        post: operations["markAllNotificationsRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show how the caller wants to be notified */
        get: operations["showPreferences"];
        /**
         * Say how the caller wants to be notified
         * @description Replaces all earlier preferences: a preference that is left out returns to its default. They hold for notifications that are created from then on. Every notification is stored and listed, whatever the preferences.
         */
        put: operations["savePreferences"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/device-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register a device for pushes
         * @description Registers an FCM registration token for the caller. A token belongs to one user: registering another user's moves it. A user has at most 20 devices; a further one replaces the one registered longest ago. Register at every start of the app: a token is forgotten 270 days after its last registration, or when FCM does not know it any more.
         */
        post: operations["registerDeviceToken"];
        /**
         * Unregister a device
         * @description Unregisters the device that `token` names, in the body or in the query. Another user's device stays as it is. With `all=true`, all of the caller's devices are unregistered. A request without a device unregisters the caller's only one; it is refused with 409 if the caller has several.
         */
        delete: operations["unregisterDeviceToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/device-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the devices that pushes are sent to
         * @description Tokens are shortened, since a whole token is enough to send to the device.
         */
        get: operations["listDevices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/pusher/mock-event": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send any event to any channel, for trying a client out
         * @description It asks for no token, so every caller can send anything to any user. It exists only where the stack's parameter `MockEvents` is true, as in the local stack; elsewhere it responds with 404, without a route or a function.
         */
        post: operations["triggerMockEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parties": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the parties that the caller is a member of
         * @description The party that the caller created or joined last comes first. A party created or joined a moment ago may be missing. For the members, read the party. Operators may list those of another user (`userId`), or all (`all=true`). No index has all: a page of them reads up to 4,000 rows of the table, of 4 MB at most (1,000 read units), comes in no useful order, and may be empty though there are more.
         */
        get: operations["listParties"];
        put?: never;
        /**
         * Create a party
         * @description The caller becomes its owner and first member.
         */
        post: operations["createParty"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parties/{partyId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        /**
         * Read a party and its members
         * @description For members and operators. The response has all members, the one who joined first as the first: up to 100, or as many as the operator has chosen (`MaxPartyMembers`, up to 1,000). With the longest names and pictures, a thousand take 1.5 MB before compression.
         */
        get: operations["readParty"];
        put?: never;
        post?: never;
        /**
         * End a party for all of its members
         * @description For the owner and operators. After the response the party does not exist: reading it, subscribing to its channels and accepting an invitation to it are refused. Sends `party-ended` on `private-party-{partyId}`; open subscriptions stay open until their clients end them. For a day, ending it again gives the same response. Takes no request body.
         */
        delete: operations["endParty"];
        options?: never;
        head?: never;
        /**
         * Change a party's name or settings
         * @description For the owner. A field that is left out stays as it is; new settings replace all earlier ones. Sends `party-updated` with `updateType` `settings-changed` on `private-party-{partyId}`.
         */
        patch: operations["changeParty"];
        trace?: never;
    };
    "/parties/{partyId}/owner": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Make another member the owner
         * @description For the owner, who stays a member. Sends `party-updated` with `updateType` `settings-changed` on `private-party-{partyId}`.
         */
        put: operations["handOverParty"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parties/{partyId}/members/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
                /** @description A member of the party. */
                userId: components["parameters"]["PartyMemberId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Leave a party, or remove someone from it
         * @description With the caller's own id, the caller leaves. An owner hands the party over first; if the owner is the only member, the party ends. With another id, the owner or an operator removes that member, unless it is the owner. Sends `party-updated` with `updateType` `member-left` on `private-party-{partyId}`. From then on the user may not subscribe to the party's channels; `asyncapi.yaml` describes at that channel how open subscriptions end.
         */
        delete: operations["removePartyMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parties/{partyId}/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invite a user to a party
         * @description For any member. Sends `party-invitation-received` on `private-user-{userId}`. The user also gets a notification of type `PARTY_INVITATION`, as their preferences have it, unless the stack's `NotificationsOf` leaves it out. A user can be invited after calling any operation with a token, such as authorizing a channel. A caller may invite 20 users at once, and then one every 30 seconds. An invitation is open for 30 days.
         *
         *     Name the user by one of the three. `email` finds an address that the user's token has with `email_verified: true`, or that `putProfile` gave; small and capital letters are the same. `username` finds the name that others see, letter by letter. After a change, both may take a second. The response has the user's id, so that the invitation can be taken back. A 404 or 409 to an `email` or `username` counts like an invitation that was sent, so that nobody can try many.
         */
        post: operations["inviteToParty"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parties/{partyId}/invitations/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
                /** @description The invited user. */
                userId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an invitation
         * @description For the party's owner, and for the member who invited the user.
         */
        delete: operations["revokeInvitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parties/{partyId}/invitations/accept": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept the invitation to a party
         * @description Sends `party-updated` with `updateType` `member-joined` on `private-party-{partyId}`. Accepting again changes nothing and succeeds. A party has at most 100 members, unless the operator has chosen otherwise (`MaxPartyMembers`). Takes no request body.
         */
        post: operations["acceptInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parties/{partyId}/invitations/decline": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decline the invitation to a party
         * @description Takes no request body.
         */
        post: operations["declineInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/party-invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the caller's pending invitations */
        get: operations["listMyInvitations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/guest/hotel/{hotelSlug}/chat/context": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        /**
         * Read the context of a guest's chat page
         * @description The channel to subscribe to, the event to bind, the guest's hotel and booking, and the number of unread messages.
         */
        get: operations["getGuestChatContext"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/guest/hotel/{hotelSlug}/chat/messages": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        /**
         * Read messages
         * @description The newest messages, newest first; with `before`, older ones; with `after`, those that a client missed, oldest first. Numbers have no gaps and become visible in order, so a client that always continues after its highest number misses nothing. The newest page has an `etag`: a poll with `If-None-Match` that finds nothing new gets 304.
         */
        get: operations["readGuestMessages"];
        put?: never;
        /**
         * Send a message
         * @description Sends `realtime_event` with the type `chat_message` to the chat and to the hotel's staff. The sender's read mark moves to the new message. A person may send 30 messages at once, and then one every two seconds.
         */
        post: operations["sendGuestMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/guest/hotel/{hotelSlug}/chat/messages/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The message. */
                messageId: components["parameters"]["MessageId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a message
         * @description For its author. Removes the text from the chat, the inbox and pending events; the message keeps its number. Sends `realtime_event` with the type `message_deleted`. Deleting again gives the same response.
         */
        delete: operations["deleteGuestMessage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/guest/hotel/{hotelSlug}/chat/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for the upload of a file
         * @description For the guest. The response has a form: send its fields and then the file, as the field `file`, as `multipart/form-data` to its `url`. Then send a message with the `attachmentId`, within a day. Without a message, the file is deleted. A person may upload and send 1,000 MB a day. A repetition with the same idempotency key gets a new form for the same file.
         */
        post: operations["uploadGuestAttachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/guest/hotel/{hotelSlug}/chat/attachments/{attachmentId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The file, as its message names it. */
                attachmentId: components["parameters"]["AttachmentId"];
            };
            cookie?: never;
        };
        /**
         * Get a link to a file
         * @description For the guest. Everybody with the link can read the file for five minutes. A browser shows images and saves all others. A file without a message is its sender's alone.
         */
        get: operations["openGuestAttachment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/guest/hotel/{hotelSlug}/chat/read": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Move the caller's read mark
         * @description The read mark moves forward only, at most to the newest message. A move sends `realtime_event` with the type `messages_read`.
         */
        put: operations["markGuestChatRead"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/guest/hotel/{hotelSlug}/chat/pusher/auth": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Authorize a guest's subscription
         * @description The channel authorization endpoint of a guest's page. It grants `private-hotel-{hotelSlug}-guest-chat-booking-{bookingId}` of exactly the token's hotel and booking, its encrypted twin, and `presence-hotel-…` likewise for typing, but no other channel. A guest may ask 200 times at once, and then ten times per second.
         */
        post: operations["authorizeGuestChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{bailId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        /**
         * Read the context of a lease's chat page
         * @description The channel to subscribe to, the caller's role in the lease, and the number of unread messages.
         */
        get: operations["showLease"];
        /**
         * Create or replace a lease
         * @description For services. Names the client and the notary of a lease, and replaces the earlier lease: a field that is left out is then absent. A replaced person loses access at once; their connections to Pusher end, unless the operator has turned that off (`TerminateRemoved`). Pusher can end only connections that are signed in (`pusher.signin()`).
         *
         *     With `participants` in place of `clientId`, `notaryId` and the two addresses, a lease has two to ten people: one client, one notary, and any number of clerks, who are on the notary's side, and of co-tenants, who are on the client's. All of them read and write messages, make requests and get e-mails while away. Of the requests to a side, a co-tenant decides only on those that are addressed to them.
         */
        put: operations["putLease"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{bailId}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        /**
         * Read messages
         * @description The newest messages, newest first; with `before`, older ones; with `after`, those that a client missed, oldest first. Numbers have no gaps and become visible in order. The newest page has an `etag`: a poll with `If-None-Match` that finds nothing new gets 304.
         */
        get: operations["listLeaseMessages"];
        put?: never;
        /**
         * Send a message
         * @description Sends `new-message` to `presence-bail-{bailId}`. If another participant is not in that channel, and has e-mail on, they get an e-mail: one for the first message at once, and one for all messages of the next five minutes after these. A person may send 30 messages at once, and then one every two seconds.
         */
        post: operations["sendLeaseMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{bailId}/messages/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
                /** @description The message. */
                messageId: components["parameters"]["MessageId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a message
         * @description For its author. Removes the content; the message keeps its number. Sends `message-deleted`. Deleting again gives the same response.
         */
        delete: operations["deleteLeaseMessage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{bailId}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for the upload of a file
         * @description For the lease's participants. The response has a form: send its fields and then the file, as the field `file`, as `multipart/form-data` to its `url`. Then send a message with the `attachmentId`, within a day. Without a message, the file is deleted. A person may upload and send 1,000 MB a day. A repetition with the same idempotency key gets a new form for the same file.
         */
        post: operations["uploadLeaseAttachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{bailId}/attachments/{attachmentId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
                /** @description The file, as its message names it. */
                attachmentId: components["parameters"]["AttachmentId"];
            };
            cookie?: never;
        };
        /**
         * Get a link to a file
         * @description For the lease's participants. Everybody with the link can read the file for five minutes. A browser shows images and saves all others. A file without a message is its sender's alone.
         */
        get: operations["openLeaseAttachment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{bailId}/read": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Move the caller's read mark
         * @description The read mark moves forward only. A move sends `messages-read`.
         */
        put: operations["readLease"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{bailId}/requests": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        /**
         * List requests
         * @description Newest first.
         */
        get: operations["listLeaseRequests"];
        put?: never;
        /**
         * Make a request to the other side
         * @description Sends `request-updated`. With `to`, it is for one participant, or for all of a role. Each person may make 20 requests at once, and then one every 30 seconds.
         */
        post: operations["createLeaseRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{bailId}/requests/{requestId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
                /** @description The request. */
                requestId: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Accept, refuse or finish a request
         * @description Sends `request-updated` with the whole request. The side that was asked accepts or refuses a pending request, and may still refuse an accepted one; of a request with `to`, its addressee does. Those who were asked, and the side that asked, may mark an accepted one as done. Setting the present status again changes nothing and sends no event.
         */
        patch: operations["changeLeaseRequest"];
        trace?: never;
    };
    "/email/unsubscribe": {
        parameters: {
            query: {
                /** @description The user whose e-mail is turned off. */
                user: components["schemas"]["Id"];
                /** @description HMAC-SHA256 of the user's id, and of `address` for a guest, with `EMAIL_LINK_KEY`, in base64url. */
                signature: string;
                /** @description Names the address of a hotel's guest, if the user is one. If the guest has another by now, nothing is changed. */
                address?: string;
                /** @description The page's language. */
                lang?: "en" | "fr";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a page with a button that turns e-mail off
         * @description The link in an e-mail leads here. The page changes nothing by itself, since mail scanners follow links.
         */
        get: operations["showUnsubscribe"];
        put?: never;
        /**
         * Turn e-mail off, or on again
         * @description Called by the page's button, and by mail clients (RFC 8058). It turns off the preference `email` of the type MESSAGE, unless the body is `emails=on`, as that of the next page's button: then it turns it on again. A guest's is off for the address in their last token. It may be repeated.
         */
        post: operations["unsubscribe"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hotels/{hotelSlug}/chats": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        /**
         * Read the hotel's inbox
         * @description For the hotel's staff and operators: the hotel's chats, the one with the newest message first, each with the number of messages that the caller has not read. Deleted messages count, too, as their numbers stay. The list is read from an index, which may be a moment behind `realtime_event`: add the event's data to your list, or read again until the list has the message's `seq`.
         */
        get: operations["listHotelChats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hotels/{hotelSlug}/chats/{bookingId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        /**
         * Show a chat as the inbox does
         * @description For the hotel's staff and operators.
         */
        get: operations["getHotelChat"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Assign, close or reopen a chat
         * @description Sends `realtime_event` with the type `chat_updated` to the hotel's staff; the guest does not hear of it. A new message of the guest's reopens a closed chat, without that event; one of the staff does not. A chat stays assigned when it is closed, and when its assignee leaves the staff. The request may be repeated; a repetition changes nothing.
         */
        patch: operations["changeHotelChat"];
        trace?: never;
    };
    "/hotels/{hotelSlug}/chats/{bookingId}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        /**
         * Read messages
         * @description The newest messages, newest first; with `before`, older ones; with `after`, those that a client missed, oldest first. Numbers have no gaps and become visible in order, so a client that always continues after its highest number misses nothing. The newest page has an `etag`: a poll with `If-None-Match` that finds nothing new gets 304.
         */
        get: operations["readHotelMessages"];
        put?: never;
        /**
         * Send a message
         * @description Sends `realtime_event` with the type `chat_message` to the chat and to the hotel's staff. A guest who is away, and whose token has an `email`, gets an e-mail: one for the first message at once, and one for all messages of the next five minutes after these. The sender's read mark moves to the new message. A person may send 30 messages at once, and then one every two seconds.
         */
        post: operations["sendHotelMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hotels/{hotelSlug}/chats/{bookingId}/messages/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
                /** @description The message. */
                messageId: components["parameters"]["MessageId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a message
         * @description For its author. Removes the text from the chat, the inbox and pending events; the message keeps its number. Sends `realtime_event` with the type `message_deleted`. Deleting again gives the same response.
         */
        delete: operations["deleteHotelMessage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hotels/{hotelSlug}/chats/{bookingId}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for the upload of a file
         * @description For the hotel's staff. The response has a form: send its fields and then the file, as the field `file`, as `multipart/form-data` to its `url`. Then send a message with the `attachmentId`, within a day. Without a message, the file is deleted. A person may upload and send 1,000 MB a day. A repetition with the same idempotency key gets a new form for the same file.
         */
        post: operations["uploadHotelAttachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hotels/{hotelSlug}/chats/{bookingId}/attachments/{attachmentId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
                /** @description The file, as its message names it. */
                attachmentId: components["parameters"]["AttachmentId"];
            };
            cookie?: never;
        };
        /**
         * Get a link to a file
         * @description For the hotel's staff. Everybody with the link can read the file for five minutes. A browser shows images and saves all others. A file without a message is its sender's alone.
         */
        get: operations["openHotelAttachment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hotels/{hotelSlug}/chats/{bookingId}/read": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Move the caller's read mark
         * @description The read mark moves forward only, at most to the newest message. A move sends `realtime_event` with the type `messages_read`.
         */
        put: operations["markHotelChatRead"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hotels/{hotelSlug}/staff": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        /**
         * List the hotel's staff by name
         * @description For the hotel's staff and operators, by id. A guest sees by name only who has written to them.
         */
        get: operations["listHotelStaff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hotels/{hotelSlug}/staff/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description A member of the staff. */
                userId: components["parameters"]["StaffId"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Make a user a member of the hotel's staff
         * @description For services. The staff read and answer every guest's chat of the hotel, and may subscribe to its channels. A hotel's own app may also put the row into the table itself.
         */
        put: operations["putHotelStaff"];
        post?: never;
        /**
         * Remove a user from the hotel's staff
         * @description For services. Ends the user's connections, as they are still subscribed, unless the operator has turned that off (`TerminateRemoved`). Pusher can end only signed-in connections.
         */
        delete: operations["removeHotelStaff"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user; a guest's id is `guest;{hotelSlug};{bookingId}`. */
                userId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Show everything of a user
         * @description For operators: the beginning of each list, and how much there is. Conversations, those of leases too, are listed if the user has written or read in them. The user need not be known here.
         */
        get: operations["showUser"];
        put?: never;
        post?: never;
        /**
         * Erase a user everywhere
         * @description For services, when an account is deleted. End the user's sessions first: data that the user writes during the erasure may stay. The user's connections end, and profile, devices, preferences, notifications, keys, kudos, presence, invitations and limits are removed. Messages and requests lose their text, their author and the author's name. A party of the user's goes to the member who has been in it longest, or ends. Data of other users then names an alias instead of the user. Other users' notifications lose the user's id and every known name from data and text, and the addresses of their push, if the data has the id (as text, a number, a key or in a path such as `/users/ada`) or such a path is in an address; a text without such data stays. Invitations that the user sent remain valid, without a sender. In direct conversations the other user's messages stay, and the erased id stays in their keys. A lease keeps its title: put the lease again to change it. Backups, dead letters and undelivered events of Pusher's HTTP API are not changed. Each change sends its usual event to other users. It reads the whole table, and a call takes some 12 s: while `done` is false, call again to continue. A failed call may be repeated, and the whole erasure may be done again at any time.
         */
        delete: operations["eraseUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations/authors/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The author; a guest's id is `guest;{hotelSlug};{bookingId}`. */
                userId: components["parameters"]["AuthorId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Erase what a user wrote in chats
         * @description For services, when an account is deleted. End the user's sessions first: messages that the user writes during a call may stay. A call erases up to 25 rows: messages lose their text, their author and the author's name, and keep their numbers; read marks are removed. Open chats get an event for each deletion. Call again with `nextCursor` until it is null. A failed call may be repeated, and the whole erasure may be done again at any time.
         */
        delete: operations["eraseAuthor"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether Carillon reaches its services
         * @description Responds within a second. It asks for no token, and reveals nothing beyond the fields below.
         */
        get: operations["checkHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        /**
         * Check whether Carillon reaches its services, by the status alone
         * @description Like `GET /health`, without its body, for monitors such as UptimeRobot.
         */
        head: operations["checkHealthWithoutBody"];
        patch?: never;
        trace?: never;
    };
    "/dashboard/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send an event to dashboards
         * @description For other back ends. Sends the event to the connections of `userId`, to those subscribed to `channel`, or to all in the namespace /dashboard. Each open connection gets it at least once; connections that are made later do not get it.
         */
        post: operations["sendDashboardEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channel}/members/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A channel of the app's own.
                 * @example private-orders-1
                 */
                channel: components["parameters"]["OwnChannel"];
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        /**
         * Ask whether a user is a member of a channel
         * @description For other back ends. The claim `channels` of tokens does not count here.
         */
        get: operations["showChannelMember"];
        /**
         * Let a user subscribe to a channel of the app's own
         * @description For other back ends. Takes effect with the next subscription. A user whose token names the channel in its claim `channels` needs no membership.
         */
        put: operations["putChannelMember"];
        post?: never;
        /**
         * Take a user out of a channel of the app's own
         * @description For other back ends. Ends the connections of a user who was a member, as they are still subscribed, unless the operator has turned that off (`TerminateRemoved`). Pusher can end only connections that are signed in (`pusher.signin()`). A token that names the channel still opens it.
         */
        delete: operations["removeChannelMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dashboard/channels/{channel}/members/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Percent-encode characters that a path may not have.
                 * @example payroll
                 */
                channel: string;
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Let a user subscribe to a channel of dashboards
         * @description For other back ends. Public channels (`DashboardPublicChannels`) and those that a token names in its claim `channels` need no grant.
         */
        put: operations["grantChannel"];
        post?: never;
        /**
         * Withdraw a grant
         * @description For other back ends. Subscriptions that need the grant end at once. Subscriptions to public channels, and those that a token allows, stay.
         */
        delete: operations["revokeChannel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dashboard/online": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count who is connected to /dashboard */
        get: operations["countOnline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dashboard/online/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether a user is connected
         * @description To /dashboard, to /ws or to both.
         */
        get: operations["isOnline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the caller's conversations
         * @description Direct messages, leases in which the caller takes part, and the guests' chats of hotels of whose staff the caller is; the one with the newest message first, each from its first message on. At most 500 direct conversations and 500 leases, and the newest 50 open chats of ten hotels; the others are in `GET /hotels/{hotelSlug}/chats`. A member of the staff whose row your app wrote itself is in the list after `PUT /hotels/{hotelSlug}/staff/{userId}`. A conversation of an earlier version, and a lease into which somebody is put later, is in the list of those who neither wrote nor read in it from its next message on. The list is read from an index, which may be a moment behind events.
         */
        get: operations["listConversations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the messages that the caller and another user have exchanged
         * @description Numbers have no gaps and become visible in order: a client that reconnects and reads those `after` its highest number misses none. Without `after` and `before`, the newest messages, newest first.
         */
        get: operations["listMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{userId}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for the upload of a file
         * @description For the caller and the other user. The response has a form: send its fields and then the file, as the field `file`, as `multipart/form-data` to its `url`. Then send a message with the `attachmentId`, within a day. Without a message, the file is deleted. A person may upload and send 1,000 MB a day. A repetition with the same idempotency key gets a new form for the same file.
         */
        post: operations["uploadAttachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{userId}/attachments/{attachmentId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
                /** @description The file, as its message names it. */
                attachmentId: components["parameters"]["AttachmentId"];
            };
            cookie?: never;
        };
        /**
         * Get a link to a file
         * @description For the caller and the other user. Everybody with the link can read the file for five minutes. A browser shows images and saves all others. A file without a message is its sender's alone.
         */
        get: operations["openAttachment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{userId}/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
                /** @description The message's id as events have it, or the part after its colon. */
                messageId: components["parameters"]["DirectMessageId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a message
         * @description For its sender. Removes the content; the message keeps its number. Sends `message:deleted` to both users' connections on `/ws`. Deleting again gives the same response.
         */
        delete: operations["deleteMessage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Publish the caller's public key
         * @description For end-to-end encrypted messages. A new key gets the next version; the same key keeps its version.
         */
        put: operations["saveKey"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a user's public key */
        get: operations["showKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        UserSummary: {
            userId: components["schemas"]["Id"];
            /** @description As others see the user, with the address for e-mails; null if no profile is stored. */
            profile: null | {
                displayName: string;
                avatarUrl: string | null;
                email: string | null;
            };
            /** @description The first page of `GET /parties?userId=`. */
            parties: {
                parties: components["schemas"]["Party"][];
                /** @description Send it as `cursor` to get the next page. */
                nextCursor: string | null;
            };
            /** @description The first page of the user's own `GET /party-invitations`. */
            invitations: {
                invitations: components["schemas"]["PartyInvitation"][];
                /** @description Send it as `cursor` to get the next page. */
                nextCursor: string | null;
            };
            /** @description How many kudos the user has received. */
            kudos: {
                received: number;
                /** @description Whether there are more than that. */
                hasMore: boolean;
            };
            notifications: {
                unread: number;
            };
            /** @description As the user sees them, without their tokens. */
            devices: components["schemas"]["Device"][];
            /** @description Those in which the user has written or read. */
            conversations: {
                conversations: components["schemas"]["ConversationOfUser"][];
                /** @description Whether there are more. */
                hasMore: boolean;
            };
        };
        ConversationOfUser: {
            /** @constant */
            kind: "guest";
            hotelSlug: components["schemas"]["HotelSlug"];
            bookingId: components["schemas"]["BookingId"];
        } | {
            /** @constant */
            kind: "lease";
            bailId: components["schemas"]["Id"];
        } | {
            /** @constant */
            kind: "direct";
            /** @description The other user. */
            userId: components["schemas"]["Id"];
        };
        /** @description A line of `POST /imports`. A field that is null counts as left out. */
        ImportLine: components["schemas"]["ImportedProfileLine"] | components["schemas"]["ImportedPreferencesLine"] | components["schemas"]["ImportedDeviceLine"] | components["schemas"]["ImportedBookLine"] | components["schemas"]["ImportedKudosLine"] | components["schemas"]["ImportedNotificationLine"] | components["schemas"]["ImportedPartyLine"] | components["schemas"]["ImportedMemberLine"] | components["schemas"]["ImportedInvitationLine"] | components["schemas"]["ImportedStaffLine"] | components["schemas"]["ImportedLeaseLine"] | components["schemas"]["ImportedLeaseRequestLine"] | components["schemas"]["ImportedMessageLine"] | components["schemas"]["ImportedReadMarkLine"] | components["schemas"]["ImportedChatLine"];
        /** @description Shown in place of what the user's tokens say, as `PUT /users/{userId}/profile` does. */
        ImportedProfileLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "profile";
            userId: components["schemas"]["Id"];
            displayName?: string | null;
            avatarUrl?: string | null;
            email?: string | null;
            updatedAt?: components["schemas"]["ImportedTime"];
        };
        /** @description As `PUT /notifications/preferences`. */
        ImportedPreferencesLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "preferences";
            userId: components["schemas"]["Id"];
            /** @enum {unknown} */
            locale?: "en" | "fr" | null;
            quietHours?: {
                from: string;
                to: string;
                timeZone: string;
            } | null;
            pushWhileConnected?: boolean;
            types?: {
                [key: string]: {
                    inApp?: boolean;
                    push?: boolean;
                    email?: boolean;
                };
            };
        };
        /** @description Kept for 270 days after its registration. */
        ImportedDeviceLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "device";
            userId: components["schemas"]["Id"];
            token: string;
            /** @enum {unknown} */
            platform?: "android" | "ios" | "web" | null;
            registeredAt: components["schemas"]["ImportedTime"];
        };
        /** @description As `PUT /books/{bookId}`. */
        ImportedBookLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "book";
            id: components["schemas"]["Id"];
            authorId: components["schemas"]["Id"];
            authorName?: string | null;
            title?: string | null;
        };
        ImportedKudosLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "kudos";
            id: components["schemas"]["ImportedId"];
            giverId: components["schemas"]["Id"];
            receiverId: components["schemas"]["Id"];
            sessionId: components["schemas"]["Id"];
            bookTitle: string;
            createdAt: components["schemas"]["ImportedTime"];
        };
        /** @description Kept for as many days after its time as `NotificationDays` says. */
        ImportedNotificationLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "notification";
            id: components["schemas"]["ImportedId"];
            userId: components["schemas"]["Id"];
            type: components["schemas"]["NotificationType"];
            title?: string | null;
            body?: string | null;
            data?: components["schemas"]["NotificationData"];
            priority?: components["schemas"]["Priority"];
            push?: components["schemas"]["PushLook"] | null;
            createdAt: components["schemas"]["ImportedTime"];
            readAt?: components["schemas"]["ImportedTime"];
        };
        /** @description With the owner and up to 98 others. Further ones are lines of the kind `member`. */
        ImportedPartyLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "party";
            id: components["schemas"]["Id"];
            ownerId: components["schemas"]["Id"];
            partyName: string;
            settings?: {
                [key: string]: unknown;
            };
            members: components["schemas"]["ImportedMember"][];
            createdAt: components["schemas"]["ImportedTime"];
            updatedAt?: components["schemas"]["ImportedTime"];
        };
        /** @description Of a party whose line came before. */
        ImportedMemberLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "member";
            partyId: components["schemas"]["Id"];
            userId: components["schemas"]["Id"];
            username: string;
            avatar?: string | null;
            joinedAt: components["schemas"]["ImportedTime"];
        };
        /** @description An open one, to a party whose line came before. */
        ImportedInvitationLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "invitation";
            partyId: components["schemas"]["Id"];
            userId: components["schemas"]["Id"];
            partyName: string;
            invitedBy: {
                id: components["schemas"]["Id"];
                username: string;
            };
            invitedAt: components["schemas"]["ImportedTime"];
        };
        ImportedStaffLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "staff";
            hotelSlug: components["schemas"]["HotelSlug"];
            userId: components["schemas"]["Id"];
            since?: components["schemas"]["ImportedTime"];
        };
        /** @description As `PUT /leases/{bailId}`, with `clientId` and `notaryId`, or with `participants`. */
        ImportedLeaseLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "lease";
            id: components["schemas"]["Id"];
            clientId?: components["schemas"]["Id"];
            notaryId?: components["schemas"]["Id"];
            title: string;
            /** @enum {unknown} */
            locale?: "en" | "fr" | null;
            clientEmail?: string | null;
            notaryEmail?: string | null;
            participants?: components["schemas"]["PutLeaseParticipant"][];
            createdAt: components["schemas"]["ImportedTime"];
            updatedAt?: components["schemas"]["ImportedTime"];
        };
        ImportedLeaseRequestLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "leaseRequest";
            id: components["schemas"]["ImportedId"];
            bailId: components["schemas"]["Id"];
            title: string;
            description?: string;
            /** @enum {unknown} */
            status: "pending" | "accepted" | "refused" | "done";
            to?: components["schemas"]["LeaseRequestAddressee"];
            createdBy: components["schemas"]["ImportedLeasePerson"];
            createdAt: components["schemas"]["ImportedTime"];
            updatedBy?: components["schemas"]["ImportedLeasePerson"];
            updatedAt?: components["schemas"]["ImportedTime"];
        };
        /** @description Without `authorId`, the guest's. A deleted message has `deletedAt` and no text. A lease's has a `role`. */
        ImportedMessageLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "message";
            conversation: components["schemas"]["ImportedConversation"];
            id: components["schemas"]["ImportedId"];
            authorId?: components["schemas"]["Id"];
            authorName: string;
            /** @enum {unknown} */
            role?: "client" | "notary" | "clerk" | "co-tenant" | "guest" | "staff" | "member";
            text?: string;
            createdAt: components["schemas"]["ImportedTime"];
            deletedAt?: components["schemas"]["ImportedTime"];
        };
        /** @description The user, or without one the guest, has read up to this message, whose line came before. */
        ImportedReadMarkLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "readMark";
            conversation: components["schemas"]["ImportedConversation"];
            userId?: components["schemas"]["Id"];
            messageId: components["schemas"]["ImportedId"];
        };
        /** @description Whether a hotel's chat is closed, and whom it is assigned to. The lines of its messages come before; a chat in which somebody has written, or which somebody has changed here, stays as it is. */
        ImportedChatLine: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "chat";
            hotelSlug: components["schemas"]["HotelSlug"];
            bookingId: components["schemas"]["BookingId"];
            /**
             * @description Default: open.
             * @enum {unknown}
             */
            state?: "open" | "closed" | null;
            /** @description Also one who has left the staff since. */
            assignedTo?: components["schemas"]["Id"] | null;
            /** @description Default: the id. */
            assignedName?: string | null;
        };
        /** @description The other system's own id. Where an id here has another form, the result names it as `storedAs`. */
        ImportedId: string | number;
        /**
         * Format: date-time
         * @description ISO 8601 with a zone, not in the future.
         */
        ImportedTime: string | null;
        ImportedMember: {
            userId: components["schemas"]["Id"];
            username: string;
            avatar?: string | null;
            /** @description Default: when the party was created. */
            joinedAt?: components["schemas"]["ImportedTime"];
        };
        ImportedLeasePerson: {
            id: components["schemas"]["Id"];
            name: string;
            /** @enum {unknown} */
            role: "client" | "notary" | "clerk" | "co-tenant";
        };
        ImportedConversation: {
            /** @constant */
            type: "guest";
            hotelSlug: components["schemas"]["HotelSlug"];
            bookingId: string;
        } | {
            /** @constant */
            type: "lease";
            bailId: components["schemas"]["Id"];
        } | {
            /** @constant */
            type: "direct";
            userIds: components["schemas"]["Id"][];
        };
        ImportReport: {
            /** @description How many lines ended in each way. */
            counts: {
                created: number;
                unchanged: number;
                skipped: number;
                failed: number;
            };
            /** @description In the order of the lines. */
            results: components["schemas"]["ImportResult"][];
        };
        ImportResult: {
            /** @description Its number in the body, from 1. */
            line: number;
            /** @description `null` where the line names none that is known. */
            kind: string | null;
            /** @description The line's id; where a row has none, the ids that it consists of, with a slash. `null` where the line cannot be read. */
            id: string | null;
            /** @enum {unknown} */
            result: "created" | "unchanged" | "skipped" | "failed";
            /** @description The id that its row has here, where it is another one. */
            storedAs?: string;
            /** @description What to do, or why there is nothing to do. */
            reason?: string;
            /**
             * @description There where the same line may succeed when it is sent again.
             * @constant
             */
            retryable?: true;
        };
        /** @description Different users. An id of another form is refused by itself, in its result. */
        UserIds: string[];
        PushLook: {
            /** @description A large picture below the words, at most 1 MB. Android and browsers on Chromium show it; on iOS, an app needs a notification service extension with Firebase's helper. */
            image?: components["schemas"]["SecureAddress"] | null;
            /** @description The small picture in a browser. Apps on phones have their own. */
            icon?: components["schemas"]["SecureAddress"] | null;
            /** @description The page that a click opens in a browser; Firebase's library opens only pages of its own page's host. On phones, the app finds it in the push's data as `link`. A field `link` of `data` is then called `data.link` there. */
            link?: components["schemas"]["SecureAddress"] | null;
            /** @description On Android a tap starts the activity whose intent filter has this action. On iOS it is the notification's category. Without it, the app opens. */
            clickAction?: string | null;
            /** @description Whether it makes no sound. From Android 8 on, the app's notification channel decides. Default: false. */
            silent?: boolean | null;
        };
        /** @description An address on the web, without user name and password. */
        SecureAddress: string;
        NotificationResults: {
            /** @description One for each user, in the order of `userIds`. */
            results: ({
                /** @description As the request has it. */
                userId: string;
                /** @constant */
                status: "created";
                notificationId: components["schemas"]["Id"];
            } | {
                /** @description As the request has it. */
                userId: string;
                /**
                 * @description `refused`: the same is refused again. `failed`: repeat the request with its `Idempotency-Key`.
                 * @enum {unknown}
                 */
                status: "refused" | "failed";
                /** @description As in the body of an error. */
                error: string;
                message: components["schemas"]["Message"];
            })[];
        };
        /** @description The event's name. */
        TriggeredName: string;
        /** @description The event's data, usually JSON as text; at most 10,240 bytes of UTF-8. */
        TriggeredData: string;
        /** @description A channel of any type, or `#server-to-user-{userId}` for a signed-in user. */
        TriggeredChannel: string;
        /** @description The connection that does not get the event. */
        ExcludedSocket: string | null;
        /** @description Which counts to return: `user_count` of presence channels, `subscription_count` of all others. Pusher counts subscriptions if the app's settings say so. */
        TriggeredInfo: string | null;
        TriggeredCounts: {
            user_count?: number;
            subscription_count?: number;
        };
        /** @description An X25519 public key, 32 bytes in base64. */
        PublicKeyText: string;
        PublicKey: {
            publicKey: components["schemas"]["PublicKeyText"];
            version: number;
        };
        DirectMessage: {
            /** @description Drop duplicates by it; markAsRead takes it. */
            id: string;
            seq: number;
            /** @description Null once the sender's account is erased; `receiverId` is null then, too. */
            senderId: components["schemas"]["Id"] | null;
            /** @description Empty without a sender. */
            senderName: string;
            receiverId: components["schemas"]["Id"] | null;
            /** @description Text, or ciphertext that only the receiver can read; null once it is deleted. */
            content: string | components["schemas"]["SealedContent"] | null;
            attachments?: components["schemas"]["Attachments"];
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            timestamp: string;
            /** Format: date-time */
            deletedAt?: string;
        };
        AttachmentId: string;
        Attachment: {
            id: components["schemas"]["AttachmentId"];
            /** @description The file's name; escape it before you show it. */
            name: string;
            /** @description Its media type. */
            type: string;
            /** @description In bytes. */
            size: number;
        };
        /** @description The message's files; absent without any, and once it is deleted. */
        Attachments: components["schemas"]["Attachment"][];
        /** @description Files that the author uploaded to this conversation in the last day. With one, the text may be empty. */
        AttachmentIds: components["schemas"]["AttachmentId"][];
        NewUpload: {
            /** @description The file's name, on one line and without a folder. */
            name: string;
            /** @description Its media type, one of `AttachmentTypes`. */
            type: string;
            /** @description Its exact number of bytes, `MaxAttachmentBytes` at most. */
            size: number;
        };
        Upload: {
            attachmentId: components["schemas"]["AttachmentId"];
            /**
             * Format: uri
             * @description The address of the form.
             */
            url: string;
            /** @description The form's fields, which go before the file. They are signed, so none may be changed, left out or added. */
            fields: {
                [key: string]: string;
            };
            expiresAt: components["schemas"]["Time"];
        };
        AttachmentLink: {
            /** Format: uri */
            url: string;
            expiresAt: components["schemas"]["Time"];
        };
        SealedContent: {
            /** @description In base64. */
            ciphertext: string;
            /** @description 24 bytes in base64. */
            nonce: string;
            keyVersion: number;
        };
        /** @description An opaque identifier that is safe inside a channel name. */
        Id: string;
        /**
         * Format: date-time
         * @description ISO 8601 in UTC with milliseconds.
         * @example 2026-11-20T05:18:15.123Z
         */
        Time: string;
        /**
         * @description The Pusher client's connection, as Pusher names it.
         * @example 123456.7890123
         */
        SocketId: string;
        /** @description Other fields are ignored, since Pusher's clients let an app add its own (`params`). */
        ChannelAuthorizationRequest: {
            socket_id: components["schemas"]["SocketId"];
            /** @description The channel to subscribe to. */
            channel_name: string;
        };
        ChannelAuthorization: {
            auth: components["schemas"]["Signature"];
            /** @description On presence channels: a JSON string of `user_id` and `user_info`. `auth` signs it, so hand it on byte for byte. */
            channel_data?: string;
            /** @description On encrypted channels: the 32-byte key, in base64, with which the client decrypts events. */
            shared_secret?: string;
        };
        /**
         * @description A private or presence channel whose name does not go on with `user-`, `party-`, `room-`, `hotel-` or `bail-` after its type.
         * @example private-orders-1
         */
        OwnChannelName: string;
        /** @description A member of a presence channel of the app's own, as the others see them. */
        OwnPresenceMember: {
            user_id: components["schemas"]["Id"];
            user_info: {
                userId: components["schemas"]["Id"];
                displayName: string;
                avatarUrl: string | null;
            };
        };
        PresenceMember: {
            user_id: components["schemas"]["Id"];
            /** @description The member as others in the room see them. */
            user_info: {
                userId: components["schemas"]["Id"];
                displayName: string;
                avatarUrl: string | null;
                /** @description Whether this member wrote the book. */
                isAuthor: boolean;
            };
        };
        PartyPresenceMember: {
            user_id: components["schemas"]["Id"];
            /** @description The member as others in the party see them. */
            user_info: {
                username: string;
                /** @description Address of the member's picture; absent without one. */
                avatar?: string;
            };
        };
        /** @description Other fields are ignored, since Pusher's clients let an app add its own (`params`). */
        UserAuthenticationRequest: {
            socket_id: components["schemas"]["SocketId"];
        };
        UserAuthentication: {
            auth: components["schemas"]["Signature"];
            /** @description A JSON string of the caller's user id, name and picture. `auth` signs it, so hand it on byte for byte. */
            user_data: string;
        };
        /** @description The app key, a colon, and an HMAC-SHA256 in hexadecimal. */
        Signature: string;
        /** @description A webhook of Pusher's. Pusher may add fields and events, so unknown ones are accepted. */
        PusherWebhook: {
            /** @description The time of sending, in milliseconds since 1970. */
            time_ms: number;
            events: {
                /** @description Only `member_added` and `member_removed` on a room's channel have an effect. */
                name: string;
                channel?: string;
                user_id?: string;
            }[];
        };
        /** @description A built-in type, or one of your own, such as ORDER_SHIPPED. */
        NotificationType: components["schemas"]["BuiltInNotificationType"] | components["schemas"]["OwnNotificationType"];
        /**
         * @description A type that has a title and a sentence, in each language.
         * @enum {string}
         */
        BuiltInNotificationType: "MESSAGE" | "CONNECTION_REQUEST" | "CONNECTION_ACCEPTED" | "POST_COMMENT" | "COMMENT_MENTION" | "REFERRAL_APPLICATION" | "PROJECT_UPDATE" | "SYSTEM" | "KUDOS" | "PARTY_INVITATION";
        /** @description A type that your back end names. It exists as soon as a notification or a preference has it. */
        OwnNotificationType: string;
        /** @enum {string} */
        Locale: "en" | "fr";
        /** @description Hours in which a push is dropped, unless its priority is high. The notification is still stored, and the event still sent to the app. If `to` is before `from`, the hours include midnight; the two differ. */
        QuietHours: {
            from: components["schemas"]["TimeOfDay"];
            to: components["schemas"]["TimeOfDay"];
            /**
             * @description A name of the IANA database.
             * @example Europe/Paris
             */
            timeZone: string;
        };
        /** @description Whether pushes are sent even while a client is connected. By default, false: a push of normal priority is sent only while no client is subscribed to `private-user-{userId}`. A forgotten tab on a desktop is such a client, and no push goes to the phone while the tab is open. With true, both get the notification. */
        PushWhileConnected: boolean;
        TimeOfDay: string;
        Preferences: {
            locale: components["schemas"]["Locale"];
            quietHours: components["schemas"]["QuietHours"] | null;
            pushWhileConnected: components["schemas"]["PushWhileConnected"];
            /** @description The transports of every built-in type, and of each type of your own for which the user has set them. */
            types: {
                [key: string]: {
                    /** @description `notification:new` */
                    inApp: boolean;
                    /** @description To the user's devices, when no client is connected, the priority is high, or `pushWhileConnected` is true. */
                    push: boolean;
                    /** @description For MESSAGE: e-mails about messages in a lease's or a guest's chat. The other types are kept for back ends that send e-mail themselves. */
                    email: boolean;
                };
            };
        };
        Kudos: {
            kudosId: components["schemas"]["Id"];
            /** @description The user who gave the kudos. */
            fromUser: components["schemas"]["PublicPerson"];
            /** @description The reading session that the kudos are for. */
            sessionId: components["schemas"]["Id"];
            bookTitle: string;
            createdAt: components["schemas"]["Time"];
        };
        PublicPerson: {
            userId: components["schemas"]["Id"];
            /** @description The user's name; the user id if the name is unknown. */
            displayName: string;
            avatarUrl: string | null;
        };
        RoomOccupant: {
            userId: components["schemas"]["Id"];
            /** @description The user's name; the user id if the name is unknown. */
            displayName: string;
            avatarUrl: string | null;
            /** @description Whether this user wrote the book. */
            isAuthor: boolean;
            joinedAt: components["schemas"]["Time"];
        };
        Device: {
            /** @description The last characters of the token, and never more than a quarter of it. */
            tokenEnd: string;
            /** @description As the app registered it; null if the app did not. */
            platform: components["schemas"]["Platform"] | null;
            registeredAt: components["schemas"]["Time"];
            /** @description When the device is forgotten, unless it is registered again. */
            expiresAt: components["schemas"]["Time"];
        };
        /** @enum {string} */
        Platform: "android" | "ios" | "web";
        NewDevice: {
            /** @description The result of Firebase's `getToken()` in the app. */
            token: string;
            /** @description The app's platform, for the list of devices. The number on the app's icon is left out if all devices are `android` or `web`. */
            platform?: components["schemas"]["Platform"] | null;
        };
        DeviceToken: {
            /** @description The result of Firebase's `getToken()` in the app. */
            token: string;
        };
        /** @description Data for the client, to show the notification and to open its subject. The sentence is made from `senderName` (or `fromUser.displayName`, or `invitedBy.username`), `projectName`, `bookTitle`, `partyName`, and for SYSTEM `title` and `message`. These names are one line, without characters that turn the direction of text. `senderAvatar`, `fromUser.avatarUrl` and `invitedBy.avatar` are http(s) addresses. The data of a user who is erased goes, so send their id as `senderId`. */
        NotificationData: {
            [key: string]: unknown;
        };
        /** @enum {string} */
        Priority: "normal" | "high";
        UnreadCount: number;
        Notification: {
            notificationId: components["schemas"]["Id"];
            type: components["schemas"]["NotificationType"];
            /** @description The headline of the push. The event `notification:new` does not have it. */
            title: string;
            /** @description One sentence for the user. */
            message: string;
            data: components["schemas"]["NotificationData"];
            priority: components["schemas"]["Priority"];
            createdAt: components["schemas"]["Time"];
            /** @description The time at which the user read it; null while unread. */
            readAt: components["schemas"]["Time"] | null;
        };
        /** @description Name of the party. One visible line, without control characters; spaces around it are dropped. */
        PartyName: string;
        /** @description Any data of the app's for the party; at most 4 KB as JSON. */
        PartySettings: {
            [key: string]: unknown;
        };
        Party: {
            partyId: components["schemas"]["Id"];
            partyName: components["schemas"]["PartyName"];
            ownerId: components["schemas"]["Id"];
            settings: components["schemas"]["PartySettings"];
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
        };
        PartyWithMembers: {
            partyId: components["schemas"]["Id"];
            partyName: components["schemas"]["PartyName"];
            ownerId: components["schemas"]["Id"];
            settings: components["schemas"]["PartySettings"];
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
            members: components["schemas"]["PartyMember"][];
        };
        PartyMember: {
            userId: components["schemas"]["Id"];
            /** @description The user's name; the user id if the token has no name. */
            username: string;
            /** @description Address of the user's picture; absent without one. */
            avatar: string | null;
            /** @enum {string} */
            role: "owner" | "member";
            joinedAt: components["schemas"]["Time"];
        };
        PartyInvitation: {
            partyId: components["schemas"]["Id"];
            partyName: components["schemas"]["PartyName"];
            /** @description The invited user. */
            userId: components["schemas"]["Id"];
            invitedBy: {
                id: components["schemas"]["Id"];
                username: string;
            };
            invitedAt: components["schemas"]["Time"];
        };
        /**
         * @description A hotel's name in addresses and channels; it may not contain `-guest-chat-booking`.
         * @example killarney
         */
        HotelSlug: string;
        /** @example BK-2025-0123 */
        BookingId: string;
        /** @example 000000000001-019a9f8e4a3b7c119d2e5f60718293a4 */
        MessageId: string;
        /** @description The message's number in its conversation, from 1 without gaps. */
        Seq: number;
        ChatAuthor: {
            /** @description Null once the author's account is erased. */
            id: components["schemas"]["Id"] | null;
            /** @description Empty once the author's account is erased. */
            name: string;
            /** @enum {string} */
            role: "guest" | "staff";
        };
        ChatMessage: components["schemas"]["WrittenChatMessage"] | components["schemas"]["DeletedChatMessage"];
        WrittenChatMessage: {
            id: components["schemas"]["MessageId"];
            seq: components["schemas"]["Seq"];
            author: components["schemas"]["ChatAuthor"];
            /** @description The text as the author sent it; escape it before you show it. It may be empty beside attachments. */
            message: string;
            attachments?: components["schemas"]["Attachments"];
            createdAt: components["schemas"]["Time"];
        };
        /** @description A deleted message, without its text. */
        DeletedChatMessage: {
            id: components["schemas"]["MessageId"];
            seq: components["schemas"]["Seq"];
            author: components["schemas"]["ChatAuthor"];
            createdAt: components["schemas"]["Time"];
            deletedAt: components["schemas"]["Time"];
        };
        ChatMessageAlone: {
            message: components["schemas"]["ChatMessage"];
        };
        NewChatMessage: {
            /** @description Not blank unless there are attachments, and without control characters other than tabs and line breaks; each line break becomes a line feed. */
            message: string;
            attachmentIds?: components["schemas"]["AttachmentIds"];
        };
        ChatPage: {
            messages: components["schemas"]["ChatMessage"][];
            /** @description The last number of this page. Send it as `before` for the next page, or as `after` if this page was read with `after`. Null on the last page. */
            nextCursor: string | null;
        };
        PutLease: components["schemas"]["PutLeaseOfTwo"] | components["schemas"]["PutLeaseOfSeveral"];
        PutLeaseOfSeveral: {
            /** @description Different people; one of them is the client, and one the notary. */
            participants: components["schemas"]["PutLeaseParticipant"][];
            title: components["schemas"]["LeaseLine"];
            /** @description The language of e-mails to a person who has not chosen one. */
            locale?: components["schemas"]["Locale"] | null;
        };
        PutLeaseParticipant: {
            userId: components["schemas"]["Id"];
            role: components["schemas"]["LeaseRole"];
            email?: components["schemas"]["LeaseEmail"];
        };
        /** @description All participants; absent where these are the client and the notary alone. */
        LeaseParticipants: {
            userId: components["schemas"]["Id"];
            role: components["schemas"]["LeaseRole"];
        }[];
        PutLeaseOfTwo: {
            clientId: components["schemas"]["Id"];
            /** @description A different person than the client. */
            notaryId: components["schemas"]["Id"];
            title: components["schemas"]["LeaseLine"];
            /** @description The language of e-mails to a person who has not chosen one. */
            locale?: components["schemas"]["Locale"] | null;
            clientEmail?: components["schemas"]["LeaseEmail"];
            notaryEmail?: components["schemas"]["LeaseEmail"];
        };
        /** @description One visible line, without control characters. */
        LeaseLine: string;
        /** @description The person's e-mail address, used instead of the one in their token; ASCII. It is never shown. (More addresses are accepted than the pattern allows.) */
        LeaseEmail: string | null;
        /** @enum {string} */
        LeaseRole: "client" | "notary" | "clerk" | "co-tenant";
        /** @enum {string} */
        LeaseRequestStatus: "pending" | "accepted" | "refused" | "done";
        Lease: {
            bailId: components["schemas"]["Id"];
            clientId: components["schemas"]["Id"];
            notaryId: components["schemas"]["Id"];
            participants?: components["schemas"]["LeaseParticipants"];
            title: components["schemas"]["LeaseLine"];
            locale: components["schemas"]["Locale"] | null;
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
        };
        LeasePerson: {
            id: components["schemas"]["Id"];
            name: string;
            role: components["schemas"]["LeaseRole"];
        };
        LeaseSeat: {
            bailId: components["schemas"]["Id"];
            /** @description `presence-bail-{bailId}` */
            channel: string;
            me: components["schemas"]["LeasePerson"];
            /** @description The notary, for the client's side; the client, for the notary's. */
            otherId: components["schemas"]["Id"];
            participants?: components["schemas"]["LeaseParticipants"];
            /** @description The number of the newest message; 0 before the first. */
            lastSeq: number;
            /** @description The caller has read all messages up to this number. */
            readSeq: number;
            /** @description The number of messages after readSeq; deleted ones count. */
            unreadCount: number;
        };
        LeaseChatMessage: {
            id: components["schemas"]["MessageId"];
            seq: components["schemas"]["Seq"];
            author: {
                id: components["schemas"]["Id"] | null;
                /** @description Empty once the author's account is erased. */
                name: string;
                role: components["schemas"]["LeaseRole"];
            };
            /** @description The text as the author sent it; escape it before you show it. Absent once the message is deleted; it may be empty beside attachments. */
            content?: string;
            attachments?: components["schemas"]["Attachments"];
            createdAt: components["schemas"]["Time"];
            deletedAt?: components["schemas"]["Time"];
        };
        LeaseChatMessageAlone: {
            message: components["schemas"]["LeaseChatMessage"];
        };
        LeaseChatPage: {
            messages: components["schemas"]["LeaseChatMessage"][];
            /** @description The last number of this page. Send it as `before` for the next page, or as `after` if this page was read with `after`. Null on the last page. */
            nextCursor: string | null;
        };
        NewLeaseMessage: {
            /** @description Not blank unless there are attachments, and without control characters other than tabs and line breaks; each line break becomes a line feed. */
            content: string;
            attachmentIds?: components["schemas"]["AttachmentIds"];
        };
        NewLeaseRequest: {
            title: components["schemas"]["LeaseLine"];
            description?: string;
            to?: components["schemas"]["LeaseRequestAddressee"];
        };
        /** @description Another participant, or all others of a role. Without it, the request is for the other side. */
        LeaseRequestAddressee: {
            userId: components["schemas"]["Id"];
        } | {
            role: components["schemas"]["LeaseRole"];
        };
        LeaseRequestChange: {
            status: components["schemas"]["LeaseRequestStatus"];
        };
        LeaseRequest: {
            id: string;
            title: components["schemas"]["LeaseLine"];
            description: string;
            status: components["schemas"]["LeaseRequestStatus"];
            to?: components["schemas"]["LeaseRequestAddressee"];
            createdBy: components["schemas"]["LeasePerson"];
            createdAt: components["schemas"]["Time"];
            /** @description The user who changed the status last; null before the first change. */
            updatedBy: components["schemas"]["LeasePerson"] | null;
            updatedAt: components["schemas"]["Time"];
        };
        LeaseRequestPage: {
            requests: components["schemas"]["LeaseRequest"][];
            nextCursor: string | null;
        };
        ReadUpTo: {
            /** @description The caller has read all messages up to this number. */
            seq: number;
        };
        ReadMark: {
            /** @description All messages up to this number are read. */
            seq: number;
            unreadCount: components["schemas"]["UnreadCount"];
        };
        /**
         * @example {
         *       "pusher": {
         *         "channel": "private-hotel-killarney-guest-chat-booking-BK-2025-0123",
         *         "event": "realtime_event"
         *       },
         *       "hotel": "killarney",
         *       "booking": "BK-2025-0123",
         *       "guest": {
         *         "id": "guest;killarney;BK-2025-0123",
         *         "name": "Grace"
         *       },
         *       "unreadCount": 0
         *     }
         */
        GuestChatContext: {
            pusher: {
                channel: string;
                /** @constant */
                event: "realtime_event";
            };
            hotel: components["schemas"]["HotelSlug"];
            booking: components["schemas"]["BookingId"];
            guest: {
                id: components["schemas"]["Id"];
                name: string;
            };
            unreadCount: components["schemas"]["UnreadCount"];
        };
        Inbox: {
            chats: components["schemas"]["HotelChat"][];
            /** @description Send it as `cursor` to get the next page. Opaque; null on the last page. */
            nextCursor: string | null;
        };
        LastMessage: {
            seq: components["schemas"]["Seq"];
            author: {
                /** @description Null once the author's account is erased. */
                id: components["schemas"]["Id"] | null;
                /** @description Empty once the author's account is erased. */
                name: string;
                /** @description `member` in direct messages; otherwise the role in the chat. */
                role: string;
            };
            /** @description The beginning of the text; null once the message is deleted. */
            preview: string | null;
            createdAt: components["schemas"]["Time"];
        };
        Conversations: {
            conversations: components["schemas"]["Conversation"][];
            /** @description Unread messages of all conversations that the list can have, not of this page alone. */
            unreadCount: number;
            /** @description False if the caller has more direct conversations, leases or hotels than a list can have. Of each hotel, it has the newest 50 chats. */
            isComplete: boolean;
            /** @description Send it as `cursor` to get the next page. Opaque; null on the last page. */
            nextCursor: string | null;
        };
        Conversation: {
            /** @enum {unknown} */
            kind: "direct" | "lease" | "guest";
            lastMessage: components["schemas"]["LastMessage"];
            /** @description The caller has read all messages up to this number. */
            readSeq: number;
            unreadCount: components["schemas"]["UnreadCount"];
        } & ({
            /** @constant */
            kind?: "direct";
            user: {
                userId: components["schemas"]["Id"];
                displayName: string;
                avatarUrl: string | null;
            };
        } | {
            /** @constant */
            kind?: "lease";
            bailId: components["schemas"]["Id"];
            title: string;
        } | {
            /** @constant */
            kind?: "guest";
            hotelSlug: components["schemas"]["HotelSlug"];
            bookingId: components["schemas"]["BookingId"];
            /** @description The name in the token of the guest's last message; null before the first message. */
            guestName: string | null;
            /** @description The member of the staff who sees to the chat; null for nobody. */
            assignedTo: components["schemas"]["StaffMember"] | null;
        });
        HotelChat: {
            bookingId: components["schemas"]["BookingId"];
            /** @description The name in the token of the guest's last message; null before the first message. */
            guestName: string | null;
            state: components["schemas"]["ChatState"];
            /** @description The member of the staff who sees to the chat; null for nobody. */
            assignedTo: components["schemas"]["StaffMember"] | null;
            lastMessage: components["schemas"]["LastMessage"];
            unreadCount: components["schemas"]["UnreadCount"];
        };
        HotelChatAlone: {
            chat: components["schemas"]["HotelChat"];
        };
        /**
         * @description A chat is open until the staff closes it; the guest's next message opens it again.
         * @enum {string}
         */
        ChatState: "open" | "closed";
        StaffMember: {
            id: components["schemas"]["Id"];
            /** @description As their profile has it, or as it was when the chat was assigned. */
            name: string;
        };
        HotelStaff: {
            staff: components["schemas"]["StaffMember"][];
            /** @description The `cursor` of the next page, or null. */
            nextCursor: string | null;
        };
        ChatPatch: {
            state?: components["schemas"]["ChatState"];
            /** @description A member of the hotel's staff; null for nobody. */
            assignedTo?: components["schemas"]["Id"] | null;
            /** @description Whom the chat must be assigned to now. Without it, the chat must be assigned to nobody, or to `assignedTo` already. */
            assignedFrom?: components["schemas"]["Id"] | null;
            /** @description The newest message that the caller has seen. A chat with a newer one is not closed. */
            seq?: components["schemas"]["Seq"] | null;
        };
        Erased: {
            /** @description How many messages this call erased. */
            erased: number;
            /** @description Send it as `cursor` to continue. Opaque; null when everything is erased. */
            nextCursor: string | null;
        };
        UnavailableError: {
            /** @constant */
            error: "Service Unavailable";
            message: components["schemas"]["Message"];
        };
        BadRequestError: {
            /** @constant */
            error: "Bad Request";
            message: components["schemas"]["Message"];
        };
        UnauthorizedError: {
            /** @constant */
            error: "Unauthorized";
            message: components["schemas"]["Message"];
        };
        ForbiddenError: {
            /** @constant */
            error: "Forbidden";
            message: components["schemas"]["Message"];
        };
        NotFoundError: {
            /** @constant */
            error: "Not Found";
            message: components["schemas"]["Message"];
        };
        ConflictError: {
            /** @constant */
            error: "Conflict";
            message: components["schemas"]["Message"];
        };
        TooManyRequestsError: {
            /** @constant */
            error: "Too Many Requests";
            message: components["schemas"]["Message"];
        };
        ContentTooLargeError: {
            /** @constant */
            error: "Payload Too Large";
            message: components["schemas"]["Message"];
        };
        UnsupportedMediaTypeError: {
            /** @constant */
            error: "Unsupported Media Type";
            message: components["schemas"]["Message"];
        };
        UnprocessableError: {
            /** @constant */
            error: "Unprocessable Entity";
            message: components["schemas"]["Message"];
        };
        InternalError: {
            /** @constant */
            error: "Internal Server Error";
            message: components["schemas"]["Message"];
        };
        /** @description The body of API Gateway's own responses. */
        GatewayError: {
            message: components["schemas"]["Message"];
        };
        /** @description What to do, for people to read. */
        Message: string;
    };
    responses: {
        /** @description `On-Behalf-Of` came with a token that has no role `service`, or another page may have sent the cookie that holds the token. */
        NotAService: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ForbiddenError"];
            };
        };
        /** @description The token has neither the role `service` nor `admin`, and the request names another user or all. */
        NotAnOperator: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ForbiddenError"];
            };
        };
        /** @description The key is unknown, the signature is wrong, `body_md5` is not that of the body, or the request was signed more than 600 s ago or will be in as long. */
        Unsigned: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                /** @description Always `Bearer`, which every 401 carries; these requests have no token. */
                "www-authenticate": "Bearer";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnauthorizedError"];
            };
        };
        /** @description Pusher's own answer. */
        PushersAnswer: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": Record<string, never>;
            };
        };
        /** @description Pusher does not answer, or refuses this server. API Gateway sends the same status when the function could not respond. */
        NoPusher: {
            headers: {
                /** @description Seconds to wait before the next attempt; absent in API Gateway's own responses. */
                "retry-after"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnavailableError"] | components["schemas"]["GatewayError"];
            };
        };
        /** @description Too many requests write in this conversation at once; nothing was done. API Gateway sends the same status when the function could not respond. */
        TooBusy: {
            headers: {
                /** @description Seconds to wait before the next attempt; absent in API Gateway's own responses. */
                "retry-after"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnavailableError"] | components["schemas"]["GatewayError"];
            };
        };
        /** @description The request is malformed; the message names what to correct. */
        BadRequest: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["BadRequestError"];
            };
        };
        /** @description The bearer token is missing, malformed, expired, not signed as configured, or its user id does not fit into a channel's name. The message gives the reason, once the signature is verified. */
        Unauthorized: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                /** @description `Bearer` alone without a token, else with `error` and `error_description` (RFC 6750, section 3). The description is the message. */
                "www-authenticate": string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnauthorizedError"];
            };
        };
        /** @description The body is over 64 KB, or its event is over the 10,240 bytes that Pusher carries. The request wrote no row. */
        ContentTooLarge: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ContentTooLargeError"];
            };
        };
        /** @description The operation does not accept this `Content-Type`. */
        UnsupportedMediaType: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnsupportedMediaTypeError"];
            };
        };
        /** @description API Gateway's rate limit is exceeded. Wait and repeat; nothing was done. */
        TooManyRequests: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["GatewayError"];
            };
        };
        /** @description The caller's budget of writes is spent, the limit of this operation is reached, or API Gateway's rate limit for all callers is exceeded. Nothing was done; wait and repeat. API Gateway's response has no `error` and does not say how long to wait. */
        CallerTooFast: {
            headers: {
                /** @description Seconds to wait before the next attempt; absent in API Gateway's own responses. */
                "retry-after"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["TooManyRequestsError"] | components["schemas"]["GatewayError"];
            };
        };
        /** @description The caller is not the party's owner, or not even a member. */
        NotTheOwner: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ForbiddenError"];
            };
        };
        /** @description A resource that the request names does not exist; the message says which. */
        NotFound: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["NotFoundError"];
            };
        };
        /** @description The stack has no bucket for attachments (`Attachments=off`). */
        NoAttachments: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["NotFoundError"];
            };
        };
        /** @description There is no such file in a conversation of the caller's, or it was taken out of the bucket since it was sent. */
        NoSuchAttachment: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["NotFoundError"];
            };
        };
        /** @description The idempotency key's file was sent already, or an operator has closed attachments. */
        UploadSent: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ConflictError"];
            };
        };
        /** @description Another message has one of the files. */
        AttachmentTaken: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ConflictError"];
            };
        };
        /** @description The bucket does not answer. API Gateway sends the same status when the function could not respond. */
        StoreUnavailable: {
            headers: {
                /** @description Seconds to wait before the next attempt; absent in API Gateway's own responses. */
                "retry-after"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnavailableError"] | components["schemas"]["GatewayError"];
            };
        };
        /** @description The invitation was accepted or declined before, was revoked, or has expired; or the party is full. */
        InvitationClosed: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ConflictError"];
            };
        };
        /** @description Carillon failed. Repeat the call, with the same idempotency key where there is one. */
        InternalServerError: {
            headers: {
                /** @description As on every other response; absent in API Gateway's own, when the function could not respond. */
                "x-request-id"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InternalError"] | components["schemas"]["GatewayError"];
            };
        };
        /** @description Too many events of this room, party or member wait for Pusher. Nothing was done; repeat the request later. API Gateway sends the same status, without `error`, when the function could not respond. */
        OwesTooMuch: {
            headers: {
                /** @description Seconds to wait before the next attempt; absent in API Gateway's own responses. */
                "retry-after"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnavailableError"] | components["schemas"]["GatewayError"];
            };
        };
    };
    parameters: {
        /** @description For services alone, the user for whom the request is. */
        OnBehalfOf: components["schemas"]["Id"];
        /** @description The id of the Pusher app. */
        AppId: string;
        /** @description A channel of any type. */
        PusherChannelName: string;
        /** @description The attributes of each channel that Pusher adds, such as `user_count`; several with commas between. */
        PusherInfo: string;
        /** @description The app's key. */
        AuthKey: string;
        /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
        AuthTimestamp: number;
        /** @description The kind of signature. */
        AuthVersion: "1.0";
        /** @description The MD5 of the body, in hexadecimal; required with a body. */
        BodyMd5: string;
        /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
        AuthSignature: string;
        /** @description The lease. */
        BailId: components["schemas"]["Id"];
        /** @description The hotel. */
        HotelSlug: components["schemas"]["HotelSlug"];
        /** @description The guest's booking. */
        BookingId: components["schemas"]["BookingId"];
        /** @description The message. */
        MessageId: components["schemas"]["MessageId"];
        /** @description The file, as its message names it. */
        AttachmentId: components["schemas"]["AttachmentId"];
        /** @description The message's id as events have it, or the part after its colon. */
        DirectMessageId: string;
        /** @description A member of the staff. */
        StaffId: components["schemas"]["Id"];
        /** @description The author; a guest's id is `guest;{hotelSlug};{bookingId}`. */
        AuthorId: components["schemas"]["Id"];
        /**
         * @description A channel of the app's own.
         * @example private-orders-1
         */
        OwnChannel: components["schemas"]["OwnChannelName"];
        /** @description The other user. */
        UserIdInPath: components["schemas"]["Id"];
        /** @description The party. */
        PartyId: components["schemas"]["Id"];
        /** @description A member of the party. */
        PartyMemberId: components["schemas"]["Id"];
        /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
        IdempotencyKey: string;
    };
    requestBodies: never;
    headers: {
        /** @description The request's id in Carillon's logs; quote it when you ask about the request. */
        RequestId: string;
        /** @description `true` if the response repeats that of an earlier request, and nothing was created; absent otherwise. */
        IdempotentReplayed: "true";
        /** @description The current version of the newest page. */
        NewestPage: string;
        /** @description The current version of the newest page; absent with `before` and `after`. */
        NewestPageOnly: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    authorizeChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["ChannelAuthorizationRequest"];
                "application/json": components["schemas"]["ChannelAuthorizationRequest"];
            };
        };
        responses: {
            /** @description The subscription is granted. Hand the whole body to the Pusher client. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelAuthorization"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller may not subscribe to this channel. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        error: "Forbidden";
                        message: ("Not authorized to access this channel" | "Encrypted channels are not set up on this server") | string;
                    };
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    authenticateUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["UserAuthenticationRequest"];
                "application/json": components["schemas"]["UserAuthenticationRequest"];
            };
        };
        responses: {
            /** @description The caller is authenticated. Hand the whole body to the Pusher client. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAuthentication"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    receivePusherWebhook: {
        parameters: {
            query?: never;
            header: {
                /** @description The app key whose secret signed the body. During a rotation, the previous key is accepted as well. */
                "X-Pusher-Key": string;
                /** @description HMAC-SHA256 of the raw body with the app secret, in hexadecimal. */
                "X-Pusher-Signature": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PusherWebhook"];
            };
        };
        responses: {
            /** @description Accepted. Pusher need not send it again. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            400: components["responses"]["BadRequest"];
            /** @description The key is unknown, the signature is wrong, or `time_ms` is more than five minutes ago. */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    /** @description Always `Bearer`, which every 401 carries; a webhook has no token. */
                    "www-authenticate": "Bearer";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnauthorizedError"];
                };
            };
            /** @description The body is over 1 MB. */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentTooLargeError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    triggerEvent: {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description The MD5 of the body, in hexadecimal; required with a body. */
                body_md5?: components["parameters"]["BodyMd5"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "stock",
                 *       "channels": [
                 *         "news"
                 *       ],
                 *       "data": "{\"left\":7}"
                 *     }
                 */
                "application/json": {
                    name: components["schemas"]["TriggeredName"];
                    data: components["schemas"]["TriggeredData"];
                    /** @description Where it goes; only one, if that is an encrypted channel. */
                    channels?: components["schemas"]["TriggeredChannel"][];
                    channel?: components["schemas"]["TriggeredChannel"];
                    socket_id?: components["schemas"]["ExcludedSocket"];
                    info?: components["schemas"]["TriggeredInfo"];
                } | unknown | unknown;
            };
        };
        responses: {
            /** @description The event is stored, and will be sent. `channels` is there if the request has `info`. Pusher counts when it takes the event; here it is asked before the event is sent. If it does not answer within a second, the counts are missing. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        channels?: {
                            [key: string]: components["schemas"]["TriggeredCounts"];
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unsigned"];
            404: components["responses"]["NotFound"];
            /** @description The data is over 10,240 bytes, or the body is over 640 KB. The request wrote no row. */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentTooLargeError"];
                };
            };
            /** @description The idempotency key was used for another event. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    triggerBatch: {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description The MD5 of the body, in hexadecimal; required with a body. */
                body_md5?: components["parameters"]["BodyMd5"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "batch": [
                 *         {
                 *           "name": "stock",
                 *           "channel": "news",
                 *           "data": "{\"left\":7}"
                 *         },
                 *         {
                 *           "name": "stock",
                 *           "channel": "shop",
                 *           "data": "{\"left\":6}"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": {
                    batch: {
                        name: components["schemas"]["TriggeredName"];
                        data: components["schemas"]["TriggeredData"];
                        channel: components["schemas"]["TriggeredChannel"];
                        socket_id?: components["schemas"]["ExcludedSocket"];
                        info?: components["schemas"]["TriggeredInfo"];
                    }[];
                };
            };
        };
        responses: {
            /** @description The events are stored, and will be sent. `batch` is there if any of them has `info`, with the counts of each event's channel at its place. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        batch?: components["schemas"]["TriggeredCounts"][];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unsigned"];
            404: components["responses"]["NotFound"];
            /** @description An event's data is over 10,240 bytes, the events are over 200 KB together as the outbox writes them (JSON within JSON), or the body is over 640 KB. The request wrote no row. */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentTooLargeError"];
                };
            };
            /** @description The idempotency key was used for another batch. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listPusherChannels: {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
                /** @description The beginning of the channels' names. */
                filter_by_prefix?: string;
                /** @description The attributes of each channel that Pusher adds, such as `user_count`; several with commas between. */
                info?: components["parameters"]["PusherInfo"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["PushersAnswer"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unsigned"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["NoPusher"];
        };
    };
    showPusherChannel: {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
                /** @description The attributes of each channel that Pusher adds, such as `user_count`; several with commas between. */
                info?: components["parameters"]["PusherInfo"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
                /** @description A channel of any type. */
                channelName: components["parameters"]["PusherChannelName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["PushersAnswer"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unsigned"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["NoPusher"];
        };
    };
    listPusherUsers: {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
                /** @description A channel of any type. */
                channelName: components["parameters"]["PusherChannelName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["PushersAnswer"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unsigned"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["NoPusher"];
        };
    };
    terminateUserConnections: {
        parameters: {
            query: {
                /** @description The app's key. */
                auth_key: components["parameters"]["AuthKey"];
                /** @description When the request was signed, in seconds since 1970; at most 600 s from the server's time. */
                auth_timestamp: components["parameters"]["AuthTimestamp"];
                /** @description The kind of signature. */
                auth_version: components["parameters"]["AuthVersion"];
                /** @description The MD5 of the body, in hexadecimal; required with a body. */
                body_md5?: components["parameters"]["BodyMd5"];
                /** @description HMAC-SHA256, in hexadecimal and with the app's secret, of the method, the path and the other parameters sorted by name, with line feeds between. */
                auth_signature: components["parameters"]["AuthSignature"];
            };
            header?: never;
            path: {
                /** @description The id of the Pusher app. */
                appId: components["parameters"]["AppId"];
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is stored, and will be done. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unsigned"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listKudos: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before; without it, the first page. */
                cursor?: string;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kudos: components["schemas"]["Kudos"][];
                        /** @description Send it as `cursor` to get the next page. Opaque. A page with fewer entries than `limit`, even an empty one, may have a `nextCursor`; only null means the end. */
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    createKudos: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The receiver of the kudos; not the caller. */
                    receiverId: components["schemas"]["Id"];
                    /** @description The reading session that the kudos are for. */
                    sessionId: components["schemas"]["Id"];
                    /** @description Title of the book that was read, for display. One visible line, without control characters. */
                    bookTitle: string;
                };
            };
        };
        responses: {
            /** @description The kudos are stored. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kudosId: components["schemas"]["Id"];
                        createdAt: components["schemas"]["Time"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The receiver is the caller, or the idempotency key was used before with another body. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    putBook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bookId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The user who wrote it. */
                    authorId: components["schemas"]["Id"];
                    /** @description The name that `room:author-joined` shows; without it, the one in the author's token. */
                    authorName?: string | null;
                    title?: string | null;
                };
            };
        };
        responses: {
            /** @description The book's entry from now on. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        bookId: components["schemas"]["Id"];
                        authorId: components["schemas"]["Id"];
                        authorName: string | null;
                        title: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    importLines: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": components["schemas"]["ImportLine"][];
            };
        };
        responses: {
            /** @description Each line has a result, also if all have failed. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportReport"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    putProfile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    displayName?: string | null;
                    /** @description The picture's address, at most 512 bytes. */
                    avatarUrl?: string | null;
                    email?: components["schemas"]["LeaseEmail"];
                };
            };
        };
        responses: {
            /** @description The profile from now on. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        userId: components["schemas"]["Id"];
                        displayName: string | null;
                        avatarUrl: string | null;
                        email: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listRoom: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before; without it, the first page. */
                cursor?: string;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The book whose reading room this is. */
                bookId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, ordered by user id. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        bookId: components["schemas"]["Id"];
                        members: components["schemas"]["RoomOccupant"][];
                        /** @description Send it as `cursor` to get the next page. Opaque. A page with fewer entries than `limit`, even an empty one, may have a `nextCursor`; only null means the end. */
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    joinRoom: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The book whose reading room this is. */
                bookId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller is in the room. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        bookId: components["schemas"]["Id"];
                        userId: components["schemas"]["Id"];
                        /** @description Whether the caller wrote the book; false also for an unknown book. */
                        isAuthor: boolean;
                        /** @description When the caller entered, which may be before this call. */
                        joinedAt: components["schemas"]["Time"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    leaveRoom: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The book whose reading room this is. */
                bookId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller is not in the room. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before; without it, the first page. */
                cursor?: string;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        notifications: components["schemas"]["Notification"][];
                        /** @description Send it as `cursor` to get the next page. Opaque. A page with fewer entries than `limit`, even an empty one, may have a `nextCursor`; only null means the end. */
                        nextCursor: string | null;
                        unreadCount: components["schemas"]["UnreadCount"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    createNotification: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    userId?: components["schemas"]["Id"];
                    userIds?: components["schemas"]["UserIds"];
                    type: components["schemas"]["NotificationType"];
                    /** @description A headline of your own instead of the type's. It is shown as it is, whatever the user's language. Required for a type of your own. */
                    title?: string | null;
                    /** @description A sentence of your own instead of the type's. It becomes the notification's `message`. Required for a type of your own. */
                    body?: string | null;
                    data?: components["schemas"]["NotificationData"];
                    /** @description Default: normal. */
                    priority?: components["schemas"]["Priority"];
                    /** @description How the push looks and sounds. */
                    push?: components["schemas"]["PushLook"] | null;
                } & (({
                    userId: components["schemas"]["Id"];
                } | {
                    userIds: components["schemas"]["UserIds"];
                }) & ({
                    type?: components["schemas"]["BuiltInNotificationType"];
                } | {
                    title: string;
                    body: string;
                }));
            };
        };
        responses: {
            /** @description The notification is stored; with `userIds`, that of every user. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        notificationId: components["schemas"]["Id"];
                    } | components["schemas"]["NotificationResults"];
                };
            };
            /** @description With `userIds` only. Not every user was notified; the results say who, and why the others were not. */
            207: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body. No user is notified. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    countUnreadNotifications: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The number of notifications that the caller has not read. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        unreadCount: components["schemas"]["UnreadCount"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    showNotification: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description Id of the notification. */
                notificationId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notification. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description The caller has no such notification. It may be another user's. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    deleteNotification: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description Id of the notification. */
                notificationId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller has no such notification any more, or never had. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description The id does not have the form of a notification's id. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    markNotificationRead: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description Id of the notification. */
                notificationId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notification is read. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        notificationId: components["schemas"]["Id"];
                        readAt: components["schemas"]["Time"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description The caller has no such notification. It may be another user's. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    markAllNotificationsRead: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All notifications of the caller are read. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        unreadCount: 0;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    showPreferences: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The current preferences. By default, every type is sent by every transport. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preferences"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    savePreferences: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The language of titles and sentences. Without it, the claim `locale` of the token that last registered a device, or else English. */
                    locale?: components["schemas"]["Locale"] | null;
                    quietHours?: components["schemas"]["QuietHours"] | null;
                    pushWhileConnected?: components["schemas"]["PushWhileConnected"];
                    /** @description At most 100 of them are types of your own. */
                    types?: {
                        [key: string]: {
                            inApp?: boolean;
                            push?: boolean;
                            email?: boolean;
                        };
                    };
                };
            };
        };
        responses: {
            /** @description The preferences from now on. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preferences"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    registerDeviceToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDevice"];
            };
        };
        responses: {
            /** @description Pushes reach this device. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        message: "Device token registered successfully";
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    unregisterDeviceToken: {
        parameters: {
            query?: {
                /** @description The device's token, instead of in the body. */
                token?: string;
                /** @description Unregister all of the caller's devices; without `token`. */
                all?: "true";
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeviceToken"];
            };
        };
        responses: {
            /** @description The device, or every device, is not registered any more. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        message: "Device token unregistered successfully";
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description The request names no device, and the caller has several. */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listDevices: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's devices, the last registered one first. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        devices: components["schemas"]["Device"][];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    triggerMockEvent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The channel to send to. */
                    channel: string;
                    /** @description The event's name. */
                    event: string;
                    /** @description The event's payload, any JSON value. */
                    data: unknown;
                };
            };
        };
        responses: {
            /** @description Pusher has accepted the event. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        message: "Event triggered";
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            /** @description Pusher did not accept the event. */
            502: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        error: "Bad Gateway";
                        message: components["schemas"]["Message"];
                    };
                };
            };
        };
    };
    listParties: {
        parameters: {
            query?: {
                /** @description For operators, the user whose parties to list. */
                userId?: components["schemas"]["Id"];
                /** @description For operators, to list all parties. */
                all?: "true";
                /** @description How many to return at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before; without it, the first page. */
                cursor?: string;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        parties: components["schemas"]["Party"][];
                        /** @description Send it as `cursor` to get the next page. Opaque. A page with fewer entries than `limit`, even an empty one, may have a `nextCursor`; only null means the end. */
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAnOperator"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    createParty: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    partyName: components["schemas"]["PartyName"];
                    settings?: components["schemas"]["PartySettings"];
                };
            };
        };
        responses: {
            /** @description The party exists. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Party"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    readParty: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The party as it is now. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartyWithMembers"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    endParty: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The party has ended. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotTheOwner"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    changeParty: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    partyName?: components["schemas"]["PartyName"];
                    settings?: components["schemas"]["PartySettings"];
                };
            };
        };
        responses: {
            /** @description The party as it is now. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Party"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotTheOwner"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    handOverParty: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The new owner, a member of the party. */
                    userId: components["schemas"]["Id"];
                };
            };
        };
        responses: {
            /** @description The party as it is now. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Party"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotTheOwner"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    removePartyMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
                /** @description A member of the party. */
                userId: components["parameters"]["PartyMemberId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is not a member any more. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotTheOwner"];
            404: components["responses"]["NotFound"];
            /** @description The user owns the party, and others are in it or an operator removes them. */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    inviteToParty: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The invited user; not the caller. */
                    userId?: components["schemas"]["Id"];
                    /** @description An address in ASCII. (More addresses are accepted than the pattern allows.) */
                    email?: string;
                    /** @description One line, as others see it. */
                    username?: string;
                };
            };
        };
        responses: {
            /** @description The user has an invitation. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartyInvitation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NotFound"];
            /** @description The user is a member already or has been invited, or several users have this name or address: then send the `userId`. It names none of them. */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The caller cannot invite themselves. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    revokeInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
                /** @description The invited user. */
                userId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation cannot be accepted any more. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller neither owns the party nor invited the user. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NotFound"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    acceptInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller is a member of this party. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartyWithMembers"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["InvitationClosed"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    declineInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The party. */
                partyId: components["parameters"]["PartyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation cannot be accepted any more. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["InvitationClosed"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listMyInvitations: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before; without it, the first page. */
                cursor?: string;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, in no particular order. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        invitations: components["schemas"]["PartyInvitation"][];
                        /** @description Send it as `cursor` to get the next page. Opaque. A page with fewer entries than `limit`, even an empty one, may have a `nextCursor`; only null means the end. */
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getGuestChatContext: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The context. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuestChatContext"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token is for another hotel. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    readGuestMessages: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description Only messages with lower numbers, newest first; not together with `after`. */
                before?: number;
                /** @description Only messages with higher numbers, oldest first; not together with `before`. */
                after?: number;
            };
            header?: {
                /** @description The `etag` of the newest page that the client has. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["NewestPageOnly"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatPage"];
                };
            };
            /** @description The client already has the newest page. */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["NewestPage"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token is for another hotel. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    sendGuestMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewChatMessage"];
            };
        };
        responses: {
            /** @description The message is stored. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatMessageAlone"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token is for another hotel. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NoAttachments"];
            409: components["responses"]["AttachmentTaken"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body, or a file was not uploaded to this conversation. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    deleteGuestMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The message. */
                messageId: components["parameters"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message without its text. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatMessageAlone"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token is for another hotel. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NotFound"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    uploadGuestAttachment: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUpload"];
            };
        };
        responses: {
            /** @description The form. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token is for another hotel. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NoAttachments"];
            409: components["responses"]["UploadSent"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    openGuestAttachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The file, as its message names it. */
                attachmentId: components["parameters"]["AttachmentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The link. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentLink"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token is for another hotel. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NoSuchAttachment"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    markGuestChatRead: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadUpTo"];
            };
        };
        responses: {
            /** @description The current read mark. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadMark"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token is for another hotel. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    authorizeGuestChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["ChannelAuthorizationRequest"];
                "application/json": components["schemas"]["ChannelAuthorizationRequest"];
            };
        };
        responses: {
            /** @description The subscription is granted. Hand the whole body to the Pusher client. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelAuthorization"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token is for another hotel, or the channel is not the guest's. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    showLease: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The context. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseSeat"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description There is no such lease, or the caller is not one of its participants. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    putLease: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PutLease"];
            };
        };
        responses: {
            /** @description The lease, without addresses. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lease"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a service. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description A person is named twice, or there is not exactly one client and one notary. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    listLeaseMessages: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description Only messages with lower numbers, newest first; not together with `after`. */
                before?: number;
                /** @description Only messages with higher numbers, oldest first; not together with `before`. */
                after?: number;
            };
            header?: {
                /** @description The `etag` of the newest page that the client has. */
                "If-None-Match"?: string;
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["NewestPageOnly"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseChatPage"];
                };
            };
            /** @description The client already has the newest page. */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["NewestPage"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description There is no such lease, or the caller is not one of its participants. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    sendLeaseMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewLeaseMessage"];
            };
        };
        responses: {
            /** @description The message is stored. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseChatMessageAlone"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description There is no such lease, or the caller is not one of its participants. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            409: components["responses"]["AttachmentTaken"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body, or a file was not uploaded to this conversation. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    deleteLeaseMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
                /** @description The message. */
                messageId: components["parameters"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message without its text. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseChatMessageAlone"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller did not write it. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description There is no such message, or no such lease with the caller in it. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    uploadLeaseAttachment: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUpload"];
            };
        };
        responses: {
            /** @description The form. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description There is no such lease with the caller in it, or no bucket for attachments here. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            409: components["responses"]["UploadSent"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    openLeaseAttachment: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
                /** @description The file, as its message names it. */
                attachmentId: components["parameters"]["AttachmentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The link. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentLink"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            404: components["responses"]["NoSuchAttachment"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    readLease: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadUpTo"];
            };
        };
        responses: {
            /** @description The current read mark. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadMark"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description There is no such lease, or the caller is not one of its participants. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    listLeaseRequests: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseRequestPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description There is no such lease, or the caller is not one of its participants. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    createLeaseRequest: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewLeaseRequest"];
            };
        };
        responses: {
            /** @description The request. It is pending, unless this is a repetition. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseRequest"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            /** @description There is no such lease, or the caller is not one of its participants. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body, or `to` names nobody else in the lease. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    changeLeaseRequest: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The lease. */
                bailId: components["parameters"]["BailId"];
                /** @description The request. */
                requestId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LeaseRequestChange"];
            };
        };
        responses: {
            /** @description The request. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseRequest"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description It is for others to decide this. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description There is no such request, or no such lease with the caller in it. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            /** @description The request cannot change from its status to that one. */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    showUnsubscribe: {
        parameters: {
            query: {
                /** @description The user whose e-mail is turned off. */
                user: components["schemas"]["Id"];
                /** @description HMAC-SHA256 of the user's id, and of `address` for a guest, with `EMAIL_LINK_KEY`, in base64url. */
                signature: string;
                /** @description Names the address of a hotel's guest, if the user is one. If the guest has another by now, nothing is changed. */
                address?: string;
                /** @description The page's language. */
                lang?: "en" | "fr";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The link's signature is wrong. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description This server sends no e-mail. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    unsubscribe: {
        parameters: {
            query: {
                /** @description The user whose e-mail is turned off. */
                user: components["schemas"]["Id"];
                /** @description HMAC-SHA256 of the user's id, and of `address` for a guest, with `EMAIL_LINK_KEY`, in base64url. */
                signature: string;
                /** @description Names the address of a hotel's guest, if the user is one. If the guest has another by now, nothing is changed. */
                address?: string;
                /** @description The page's language. */
                lang?: "en" | "fr";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @constant */
                    "List-Unsubscribe"?: "One-Click";
                    /** @constant */
                    emails?: "on";
                };
            };
        };
        responses: {
            /** @description E-mail is off, or on again; a page says so. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The link's signature is wrong. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description This server sends no e-mail. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listHotelChats: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before; without it, the first page. */
                cursor?: string;
                /** @description Only chats in this state. */
                state?: components["schemas"]["ChatState"];
                /** @description Only chats that are assigned to this member of the staff, to the caller (`me`), or to nobody (`nobody`). A page then has fewer chats than `limit` where the next 200 have no more; go on while there is a `nextCursor`. */
                assignedTo?: components["schemas"]["Id"];
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inbox"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getHotelChat: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The chat. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HotelChatAlone"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description The chat has no message yet. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    changeHotelChat: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatPatch"];
            };
        };
        responses: {
            /** @description The chat as it is now. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HotelChatAlone"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description The chat has no message yet. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            /** @description The chat is not as the caller saw it: somebody else assigned it, or it has a newer message than `seq`. The message says how it is now. */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The new assignee is not a member of the hotel's staff. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    readHotelMessages: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description Only messages with lower numbers, newest first; not together with `after`. */
                before?: number;
                /** @description Only messages with higher numbers, oldest first; not together with `before`. */
                after?: number;
            };
            header?: {
                /** @description The `etag` of the newest page that the client has. */
                "If-None-Match"?: string;
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["NewestPageOnly"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatPage"];
                };
            };
            /** @description The client already has the newest page. */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["NewestPage"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    sendHotelMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewChatMessage"];
            };
        };
        responses: {
            /** @description The message is stored. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatMessageAlone"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NoAttachments"];
            409: components["responses"]["AttachmentTaken"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body, or a file was not uploaded to this conversation. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    deleteHotelMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
                /** @description The message. */
                messageId: components["parameters"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message without its text. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatMessageAlone"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NotFound"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    uploadHotelAttachment: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUpload"];
            };
        };
        responses: {
            /** @description The form. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NoAttachments"];
            409: components["responses"]["UploadSent"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    openHotelAttachment: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
                /** @description The file, as its message names it. */
                attachmentId: components["parameters"]["AttachmentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The link. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentLink"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NoSuchAttachment"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    markHotelChatRead: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description The guest's booking. */
                bookingId: components["parameters"]["BookingId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadUpTo"];
            };
        };
        responses: {
            /** @description The current read mark. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadMark"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    listHotelStaff: {
        parameters: {
            query?: {
                /** @description How many to return at most. A page has fewer where somebody was removed in the last day. */
                limit?: number;
                /** @description The `nextCursor` of the page before; without it, the first page. */
                cursor?: string;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "staff": [
                     *         {
                     *           "id": "ada",
                     *           "name": "Ada Lovelace"
                     *         },
                     *         {
                     *           "id": "ben",
                     *           "name": "Ben"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["HotelStaff"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The caller is not a member of the hotel's staff. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    putHotelStaff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description A member of the staff. */
                userId: components["parameters"]["StaffId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or done before. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description The id has the form of a guest's. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    removeHotelStaff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hotel. */
                hotelSlug: components["parameters"]["HotelSlug"];
                /** @description A member of the staff. */
                userId: components["parameters"]["StaffId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or done before. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    showUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user; a guest's id is `guest;{hotelSlug};{bookingId}`. */
                userId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserSummary"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token has neither the role `service` nor `admin`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    eraseUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user; a guest's id is `guest;{hotelSlug};{bookingId}`. */
                userId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The progress of the erasure. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Whether the erasure is complete; if not, call again. */
                        done: boolean;
                        /** @description The number of rows removed or changed so far. */
                        erased: number;
                        /** @description The number of rows of the table read so far. */
                        lookedAt: number;
                        /** @description The number of unreadable rows that name the user, so far. They stay; the log names them. */
                        skipped: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    eraseAuthor: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the call before; without it, from the beginning. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The author; a guest's id is `guest;{hotelSlug};{bookingId}`. */
                userId: components["parameters"]["AuthorId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result of this call. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erased"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    checkHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The table and Pusher respond. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        /** @constant */
                        table: "ok";
                        /** @constant */
                        pusher: "ok";
                    };
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            /** @description The table or Pusher does not respond. */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "degraded";
                        /** @enum {unknown} */
                        table: "ok" | "unreachable";
                        /** @enum {unknown} */
                        pusher: "ok" | "unreachable";
                    };
                };
            };
        };
    };
    checkHealthWithoutBody: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The table and Pusher respond. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Carillon failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The table or Pusher does not respond. */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    sendDashboardEvent: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    event: "notification" | "activity" | "user_status" | "announcement" | "stats_update";
                    /** @description The event's payload. Carillon adds a missing `timestamp`, and the response's `eventId`, by which clients drop duplicates. */
                    data?: Record<string, never>;
                    userId?: components["schemas"]["Id"];
                    channel?: string;
                };
            };
        };
        responses: {
            /** @description The event is stored, and its delivery has begun. */
            202: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "Idempotent-Replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        eventId: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    showChannelMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A channel of the app's own.
                 * @example private-orders-1
                 */
                channel: components["parameters"]["OwnChannel"];
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is a member. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        channel: components["schemas"]["OwnChannelName"];
                        userId: components["schemas"]["Id"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            404: components["responses"]["NotFound"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    putChannelMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A channel of the app's own.
                 * @example private-orders-1
                 */
                channel: components["parameters"]["OwnChannel"];
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is a member, or was one before. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description The id looks like a guest's, whose token opens one chat alone. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    removeChannelMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A channel of the app's own.
                 * @example private-orders-1
                 */
                channel: components["parameters"]["OwnChannel"];
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is not a member now. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["OwesTooMuch"];
        };
    };
    grantChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Percent-encode characters that a path may not have.
                 * @example payroll
                 */
                channel: string;
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user may subscribe. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    revokeChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Percent-encode characters that a path may not have.
                 * @example payroll
                 */
                channel: string;
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user has no grant for the channel. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    countOnline: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The current state. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        onlineUsers: number;
                        connections: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The token does not carry the role `service`. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    isOnline: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The current state. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        userId: components["schemas"]["Id"];
                        online: boolean;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listConversations: {
        parameters: {
            query?: {
                /** @description How many to return at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before; without it, the first page. */
                cursor?: string;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversations"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listMessages: {
        parameters: {
            query?: {
                /** @description Only messages with higher numbers, oldest first. */
                after?: number;
                /** @description Only messages with lower numbers, newest first. */
                before?: number;
                /** @description How many to return at most. */
                limit?: number;
            };
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        messages: components["schemas"]["DirectMessage"][];
                        /** @description The `after` or `before` of the next page; null on the last page. */
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    uploadAttachment: {
        parameters: {
            query?: never;
            header?: {
                /** @description Chosen by the caller, a new one for each thing to create, such as a UUID. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUpload"];
            };
        };
        responses: {
            /** @description The form. */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "idempotent-replayed": components["headers"]["IdempotentReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            404: components["responses"]["NoAttachments"];
            409: components["responses"]["UploadSent"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The idempotency key was used before with another body. */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnprocessableError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    openAttachment: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
                /** @description The file, as its message names it. */
                attachmentId: components["parameters"]["AttachmentId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The link. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentLink"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            404: components["responses"]["NoSuchAttachment"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    deleteMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
                /** @description The message's id as events have it, or the part after its colon. */
                messageId: components["parameters"]["DirectMessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message without its content. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        message: components["schemas"]["DirectMessage"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description The other user sent it. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForbiddenError"];
                };
            };
            /** @description The two users have exchanged no such message. */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotFoundError"];
                };
            };
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["TooBusy"];
        };
    };
    saveKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    publicKey: components["schemas"]["PublicKeyText"];
                };
            };
        };
        responses: {
            /** @description The caller's key from now on. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublicKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["CallerTooFast"];
            500: components["responses"]["InternalServerError"];
        };
    };
    showKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description For services alone, the user for whom the request is. */
                "On-Behalf-Of"?: components["parameters"]["OnBehalfOf"];
            };
            path: {
                /** @description The other user. */
                userId: components["parameters"]["UserIdInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Their newest key. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublicKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["NotAService"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
}
