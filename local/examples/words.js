// The pages' words, in English and French: `?lang=fr`, or what the browser prefers.

// A name that is written from right to left moves nothing of what is around it. `<bdi>` does the same where there is an element.
const isolated = (name) => (/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe]/.test(name) ? `\u2068${name}\u2069` : name);

const WORDS = {
  en: {
    guestTitle: "Chat with your hotel",
    staffTitle: "The hotel's chats",
    leaseTitle: "The chat of a lease",
    connecting: "Connecting",
    live: "Live",
    polling: "Pusher is out of reach; asking every 2 seconds",
    behind: (why) => `Not up to date, trying again: ${why}`,
    loading: "Loading…",
    message: "Message",
    messages: "Messages",
    send: "Send",
    attach: "Attach files",
    notUploaded: (name) => `${isolated(name)} could not be uploaded`,
    remove: "Delete",
    removed: "(deleted)",
    older: "Older messages",
    noMessages: "No messages yet. Write the first one.",
    today: "Today",
    yesterday: "Yesterday",
    guestIs: (name, booking, hotel) => `${isolated(name)}, booking ${booking} at ${hotel}`,
    staffIs: (id, hotel) => `${id}, at ${hotel}`,
    readBy: { staff: "Read by the hotel", guest: "Read by the guest", client: "Read by the client", notary: "Read by the notary" },
    inbox: "Inbox",
    guest: "Guest",
    unread: (count) => `${count} unread`,
    noChats: "No guest has written yet.",
    chooseChat: "Choose a chat to read and answer it.",
    booking: (id) => `Booking ${id}`,
    closed: "closed",
    assignedTo: (name) => `Assigned to ${isolated(name)}`,
    takeChat: "Assign to me",
    giveUp: "Assign to nobody",
    closeChat: "Close",
    reopen: "Reopen",
    back: "Back to the inbox",
    role: { client: "client", notary: "notary" },
    leaseIs: (name, role, lease) => `${isolated(name)}, ${role} of lease ${lease}`,
    isHere: (name) => `${isolated(name)} is here`,
    isAway: "The other person is not here",
    getsMail: "The other person is not here: an e-mail tells them of your message, unless they have turned e-mails off",
    isTyping: (name) => `${isolated(name)} is typing`,
    requests: "Requests",
    request: "Request",
    ask: "Ask",
    noRequests: "Nothing has been asked for yet.",
    status: { pending: "pending", accepted: "accepted", refused: "refused", done: "done" },
    become: { accepted: "Accept", refused: "Refuse", done: "Mark as done" },
    toStaff: "The hotel's side, in another window",
    toGuest: "The guest's side, in another window",
    toOther: "The other side, in another window",
    toMail: "The e-mails that were sent",
    again: "Try again",
    failed: {
      401: ["This link is not valid", "It may have expired, or it is incomplete. Ask for a new one, and open it as it is."],
      403: ["You have no access to this page", "The link is for somebody else. Open the link that was made for you."],
      404: ["There is nothing here for you", "It does not exist, or it is not yours. Open the link that was made for you."],
      staff: (id, hotel) => ["You have no access to this page", `${id} is not of ${hotel}'s staff. The hotel's own back end adds members: PUT /hotels/${hotel}/staff/${id}`],
      passing: ["The page cannot be loaded now", "The server cannot be reached, or it is busy. Nothing is lost."],
    },
  },
  fr: {
    guestTitle: "Écrire à votre hôtel",
    staffTitle: "Messages des clients",
    leaseTitle: "Messages du bail",
    connecting: "Connexion",
    live: "En direct",
    polling: "Pusher est injoignable ; actualisation toutes les 2 secondes",
    behind: (why) => `Pas à jour, nouvel essai : ${why}`,
    loading: "Chargement…",
    message: "Message",
    messages: "Messages",
    send: "Envoyer",
    attach: "Joindre des fichiers",
    notUploaded: (name) => `${isolated(name)} n’a pas pu être envoyé`,
    remove: "Supprimer",
    removed: "(supprimé)",
    older: "Messages précédents",
    noMessages: "Aucun message. Écrivez le premier.",
    today: "Aujourd’hui",
    yesterday: "Hier",
    guestIs: (name, booking, hotel) => `${isolated(name)}, réservation ${booking}, ${hotel}`,
    staffIs: (id, hotel) => `${id}, ${hotel}`,
    readBy: { staff: "Lu par l’hôtel", guest: "Lu par le client", client: "Lu par le client", notary: "Lu par le notaire" },
    inbox: "Boîte de réception",
    guest: "Client",
    unread: (count) => (count > 1 ? `${count} non lus` : `${count} non lu`),
    noChats: "Aucun client n’a encore écrit.",
    chooseChat: "Choisissez une conversation pour la lire et y répondre.",
    booking: (id) => `Réservation ${id}`,
    closed: "fermée",
    assignedTo: (name) => `Confiée à ${isolated(name)}`,
    takeChat: "Me la confier",
    giveUp: "Ne plus la confier",
    closeChat: "Fermer",
    reopen: "Rouvrir",
    back: "Retour à la boîte de réception",
    role: { client: "client", notary: "notaire" },
    leaseIs: (name, role, lease) => `${isolated(name)}, ${role}, bail ${lease}`,
    isHere: (name) => `${isolated(name)} est là`,
    isAway: "L’autre personne n’est pas là",
    getsMail: "L’autre personne n’est pas là : un e-mail lui annonce votre message, sauf si elle ne veut pas d’e-mails",
    isTyping: (name) => `${isolated(name)} écrit…`,
    requests: "Demandes",
    request: "Demande",
    ask: "Demander",
    noRequests: "Rien n’a été demandé.",
    status: { pending: "en attente", accepted: "acceptée", refused: "refusée", done: "terminée" },
    become: { accepted: "Accepter", refused: "Refuser", done: "Terminer" },
    toStaff: "Le côté de l’hôtel, dans une autre fenêtre",
    toGuest: "Le côté du client, dans une autre fenêtre",
    toOther: "L’autre côté, dans une autre fenêtre",
    toMail: "Les e-mails envoyés",
    again: "Réessayer",
    failed: {
      401: ["Ce lien n’est pas valable", "Il a peut-être expiré, ou il est incomplet. Demandez-en un nouveau et ouvrez-le tel quel."],
      403: ["Vous n’avez pas accès à cette page", "Ce lien est celui de quelqu’un d’autre. Ouvrez celui qui vous a été envoyé."],
      404: ["Il n’y a rien ici pour vous", "Cette page n’existe pas, ou elle n’est pas la vôtre. Ouvrez le lien qui vous a été envoyé."],
      staff: (id, hotel) => ["Vous n’avez pas accès à cette page", `${id} ne fait pas partie du personnel de ${hotel}. Le serveur de l’hôtel ajoute ses membres : PUT /hotels/${hotel}/staff/${id}`],
      passing: ["La page ne peut pas être chargée", "Le serveur est injoignable ou occupé. Rien n’est perdu."],
    },
  },
};

/** "en" or "fr". */
export const language = [new URLSearchParams(location.search).get("lang"), ...navigator.languages]
  .map((tag) => tag?.slice(0, 2).toLowerCase())
  .find((tag) => tag in WORDS) ?? "en";

export const words = WORDS[language];

document.documentElement.lang = language;
for (const element of document.querySelectorAll("[data-word]")) {
  element.textContent = words[element.dataset.word];
}
for (const element of document.querySelectorAll("[data-label]")) {
  element.setAttribute("aria-label", words[element.dataset.label]);
}
for (const element of document.querySelectorAll("[data-hint]")) {
  element.placeholder = words[element.dataset.hint];
}
document.title = `Carillon: ${document.querySelector("h1").textContent}`;

const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });

/** The time of day of a moment, in ISO 8601. */
export const timeOf = (at) => time.format(new Date(at));

/** The day of a moment: "Today", "Yesterday", or its date. */
export function dayOf(at) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(new Date()) - midnight(new Date(at))) / 86_400_000);
  return [words.today, words.yesterday][days] ?? day.format(new Date(at));
}
