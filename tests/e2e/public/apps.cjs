// The suite's Pusher, where the suite's own two apps are this stack's. Every other key, such as those of its mocks, stays.

const theirs = require("theirs:pusher");

const { key, connection } = PUBLIC_SETTINGS;
// spec/javascripts/integration/core: pusher_spec/test_builder.js and cluster_config_spec.js.
const APPS = ["c49a449b916bb4246729", "cb7d5e50f5669e5c9ae6"];

module.exports = new Proxy(theirs.default ?? theirs, {
  construct(target, [app, options], self) {
    const args = APPS.includes(app) ? [key, { ...options, ...connection }] : [app, options];
    return Reflect.construct(target, args, self);
  },
});
