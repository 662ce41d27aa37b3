/** Names of the commands. */
export type Command = "token" | "listen" | "send" | "status" | "console";

const STACK = `The stack
  --url URL              its address [CARILLON_URL, or http://localhost:3000, the local stack]
`;
const APP = `  --key KEY              key of its Pusher app [CARILLON_KEY]; the local stack tells it
  --cluster CLUSTER      cluster at Pusher [CARILLON_CLUSTER]; leave it out if the stack serves channels itself
`;
const TOKENS = `Secrets come from the environment, where other users of the machine do not see them:
  CARILLON_JWT_SECRET    signs tokens for a deployed stack (its JWT_SECRET); the local one signs them itself
  CARILLON_TOKEN         a token that your app issued, in place of a signed one
  CARILLON_JWT_ISSUER, CARILLON_JWT_AUDIENCE   the claims iss and aud of signed tokens
`;

export const USAGE: Record<Command | "carillon", string> = {
  carillon: `carillon: events, chats, presence and notifications, from a terminal

  carillon token <userId>                       prints a token
  carillon listen <userId>                      prints each event that a user receives
  carillon send <userId> --title T --body B     notifies a user
  carillon send --channel NAME <event> [JSON]   sends an event of your own
  carillon status                               says whether the stack is up
  carillon console                              opens the console of the local stack

carillon <command> --help has the options. Without any, it talks to the stack that \`cargo local\` runs on this machine.
`,
  token: `carillon token <userId> [options]: prints a token

  --name NAME            display name
  --avatar URL           address of the user's picture
  --role service         the token of another back end
  --channel NAME         a channel that the token opens, such as private-orders-1; a * at the end stands for any rest; may be repeated
  --hours N              how long it is good for, 1 to 8784; by default 12
  --hotel H --booking B  a guest's token, in place of a user's

${STACK}
${TOKENS}`,
  listen: `carillon listen <userId> [options]: prints each event that a user receives, until Ctrl-C

  --channel NAME         a further channel; may be repeated

${STACK}${APP}
${TOKENS}`,
  send: `carillon send <userId> [options]: notifies a user
carillon send --channel NAME <event> [JSON]: sends an event of your own

  --title TEXT           headline; a type of your own needs one
  --body TEXT            sentence; a type of your own needs one
  --type TYPE            such as MESSAGE or ORDER_SHIPPED; by default SYSTEM
  --data JSON            data of the notification
  --priority high        pushes also to users who look at the app
  --channel NAME         where the event goes; may be repeated

${STACK}${APP}  --app-id ID            id of its Pusher app [CARILLON_APP_ID], for events

${TOKENS}  CARILLON_SECRET        secret of the Pusher app, which signs events; the local stack needs none
`,
  status: `carillon status [options]: says whether the stack is up; exits with 1 if it is not

${STACK}`,
  console: `carillon console [options]: opens the console of the local stack

  --no-open              only prints its address

${STACK}`,
};
