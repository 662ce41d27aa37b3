// The suite's proxy would listen on all addresses of the machine. Here it listens on loopback.

const { Server } = require("node:net");

const { listen } = Server.prototype;

Server.prototype.listen = function (port, ...rest) {
  return typeof port === "number" && typeof rest[0] !== "string" ? listen.call(this, port, "127.0.0.1", ...rest) : listen.call(this, port, ...rest);
};
