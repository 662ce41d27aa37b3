// The suite's helper, with the address of this run's server (server.mjs) in place of fixed ports.

const theirs = require("theirs:integration");

const { server } = PUBLIC_SETTINGS;

module.exports = { ...theirs, API_URL: server, API_EU_URL: server };
